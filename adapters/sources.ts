import { github } from '../connectors/sources/github.ts';
import { http } from '../connectors/sources/http.ts';
import { kafkaRest } from '../connectors/sources/kafka-rest.ts';
import { s3 } from '../connectors/sources/s3.ts';
import { schedule } from '../connectors/sources/schedule.ts';
import type { Source } from '../mesh/connector/source.ts';

/** Every source that needs no driver: it runs on every platform. */
export const sources: readonly Source[] = [
  http as Source,
  github as Source,
  kafkaRest as Source,
  s3 as Source,
  schedule as Source,
];
