import { afterAll, beforeAll } from 'vitest';
import { type AwsServices, type Installation, startAws } from '../../services/aws.ts';
import type { QueueHost } from '../../conformance/queue.ts';
import { type AwsUnderTest, openAws } from './queue-under-test.ts';

/** Emulators for the tests of one file, and installations on them. */
export function useAws() {
  let services: AwsServices | undefined;
  const installations: Installation[] = [];
  beforeAll(async () => {
    services = await startAws();
  });
  afterAll(async () => {
    await Promise.all(installations.map((installation) => installation.drop()));
    await services?.stop();
  });

  function started(): AwsServices {
    if (services === undefined) throw new Error('the emulators are started before the tests');
    return services;
  }

  async function install(): Promise<Installation> {
    const installation = await started().createInstallation();
    installations.push(installation);
    return installation;
  }

  return {
    services: started,
    install,
    run: async (host: QueueHost, work: (queue: AwsUnderTest) => Promise<void>): Promise<void> => {
      await work(openAws(host, started(), await install()));
    },
  };
}
