/** Milliseconds that the processor has worked for this process. By the clock, other tests would be counted in. */
export function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
