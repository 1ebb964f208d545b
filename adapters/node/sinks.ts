import { createKafkaSink } from '../../connectors/sinks/kafka.ts';
import { createMysqlSink } from '../../connectors/sinks/mysql.ts';
import { createMqttSink } from '../../connectors/sinks/mqtt.ts';
import { createNatsSink } from '../../connectors/sinks/nats.ts';
import { createPostgresSink } from '../../connectors/sinks/postgres.ts';
import { createRabbitmqSink } from '../../connectors/sinks/rabbitmq.ts';
import { createRedisStreamSink } from '../../connectors/sinks/redis-stream.ts';
import { createSmtpSink } from '../../connectors/sinks/smtp.ts';
import type { Sink } from '../../mesh/sink.ts';
import { createAwsSinks } from '../aws/sinks/sinks.ts';
import { sinks } from '../sinks.ts';

/** The sinks that Node has beside those of every platform: it runs those with drivers too. */
export function createNodeSinks({ awsTargets }: { readonly awsTargets: readonly string[] }): readonly Sink[] {
  return [
    ...createAwsSinks({ allowed: awsTargets }),
    createKafkaSink() as Sink,
    // One a line: many add to this list.
    createMysqlSink() as Sink,
    createMqttSink() as Sink,
    createNatsSink() as Sink,
    createPostgresSink() as Sink,
    createRabbitmqSink() as Sink,
    createRedisStreamSink() as Sink,
    createSmtpSink() as Sink,
  ];
}

/** Every sink of every platform, for who describes them. */
export const allSinks: readonly Sink[] = [...sinks, ...createNodeSinks({ awsTargets: [] })];
