/**
 * List prices in US dollars, of November 2026, without free tiers and discounts: AWS in us-east-1, Cloudflare Workers Paid
 * beyond what is included, Azure in East US. Each is for one operation, unless its name says otherwise.
 */
export const prices = {
  aws: {
    httpApiRequest: 1 / 1e6,
    lambdaRequest: 0.2 / 1e6,
    /** arm64. */
    lambdaGigabyteSecond: 0.0000133334,
    /** Of 64 KiB, standard queues. */
    sqsRequest: 0.4 / 1e6,
    /** On demand. */
    dynamoWriteUnit: 0.625 / 1e6,
    dynamoReadUnit: 0.125 / 1e6,
    s3Put: 5 / 1e6,
    s3Get: 0.4 / 1e6,
    /** t4g.small: 2 vCPU, 2 GiB; with 20 GiB of gp3. */
    virtualMachineHour: 0.0168 + (20 * 0.08) / 730,
  },
  cloudflare: {
    workerRequest: 0.3 / 1e6,
    cpuMillisecond: 0.02 / 1e6,
    objectRequest: 0.15 / 1e6,
    rowWritten: 1 / 1e6,
    /** Objects are billed with 128 MB. */
    objectGigabyteSecond: 12.5 / 1e6,
  },
  neighbours: {
    /** Of 64 KiB. */
    eventBridgeEvent: 1 / 1e6,
    eventBridgeApiDestination: 0.2 / 1e6,
    /** Publishing is one, each delivery attempt is one. */
    eventGridOperation: 0.6 / 1e6,
  },
} as const;

/**
 * What is not counted here, because it is time and not operations: how long functions run, with a target that answers in 50 ms.
 * CPU of Workers is what its benchmark needed; memory of Lambda is what serverless.yml says.
 */
export const assumed = {
  lambdaGigabytes: 0.5,
  httpFunctionSeconds: 0.02,
  dispatchFunctionSeconds: 0.1,
  /** Six calls at a time: what a dispatch of many events adds for each six. */
  dispatchSecondsPerRound: 0.05,
  workerCpuMs: { perRequest: 0.3, perEvent: 0.08 },
  /** While the log's object is in memory for one batch: the dispatcher's answer is awaited. */
  objectSecondsPerBatch: 0.06,
  /** Far below what the machine takes: two such cores delivered 5,000 single events a second and more. */
  virtualMachineEventsPerSecond: 200,
} as const;
