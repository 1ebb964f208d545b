import type { Costs } from './cost/costs.ts';
import { measureLambda } from './cost/lambda.ts';
import { assumed, prices } from './cost/prices.ts';
import { scenarios } from './cost/scenario.ts';
import { measureWorkers } from './cost/workers.ts';

/**
 * What a million events of a kilobyte cost that go to one target: the operations that are billed, counted while the mesh
 * runs, times list prices. Beside it what the neighbours take for the same.
 */
const [workers, lambda] = [await measureWorkers(scenarios), await measureLambda(scenarios)];
const { virtualMachineHour } = prices.aws;
const { eventBridgeEvent, eventBridgeApiDestination, eventGridOperation } = prices.neighbours;

const result = {
  workers: workers.map(toRow),
  lambda: lambda.map(toRow),
  /** By the hour, whatever it does. */
  virtualMachine: (virtualMachineHour / 3_600 / assumed.virtualMachineEventsPerSecond) * 1e6,
  eventBridge: (eventBridgeEvent + eventBridgeApiDestination) * 1e6,
  eventGrid: 2 * eventGridOperation * 1e6,
  wanted: { batchOf10: { lambda: 0.6, workers: 0.3 } },
};

if (process.argv.includes('--json')) console.log(JSON.stringify(result));
else print();

function toRow({ scenario, operations, dollars }: Costs) {
  const { batch, together } = scenario;
  return { batch, together, dollars, operations };
}

function print(): void {
  const platforms = { workers: result.workers, lambda: result.lambda };
  for (const [platform, rows] of Object.entries(platforms)) {
    for (const { batch, together, dollars, operations } of rows) {
      const counted = Object.entries(operations).map(([name, times]) => `${name} ${Math.round(times)}`);
      const load = together === 1 ? 'one request at a time' : `${together} requests at a time`;
      console.log(`${platform}, ${batch} an event request, ${load}: $${dollars.toFixed(2)} (${counted.join(', ')})`);
    }
  }
  const { virtualMachineEventsPerSecond: rate } = assumed;
  console.log(`Node on a small machine, ${rate} events a second all day: $${result.virtualMachine.toFixed(2)}`);
  console.log(`EventBridge to an API destination: $${result.eventBridge.toFixed(2)}`);
  console.log(`Event Grid to a webhook: $${result.eventGrid.toFixed(2)}`);
}
