import { mysql } from '../../connectors/sources/mysql.ts';
import { mqtt } from '../../connectors/sources/mqtt.ts';
import { nats } from '../../connectors/sources/nats.ts';
import { kafka } from '../../connectors/sources/kafka.ts';
import { postgres } from '../../connectors/sources/postgres.ts';
import { rabbitmq } from '../../connectors/sources/rabbitmq.ts';
import { redisStream } from '../../connectors/sources/redis-stream.ts';
import type { Source } from '../../mesh/connector/source.ts';
import { createAwsSources } from '../aws/sources/sources.ts';
import { largerSources } from '../larger-sources.ts';
import { sources as portable } from '../sources.ts';

/** Node runs those with drivers too. `awsTargets`: what of AWS they may use with the credentials of the environment. */
export function createNodeSources({ awsTargets }: { readonly awsTargets: readonly string[] }): readonly Source[] {
  return [
    ...portable,
    ...largerSources,
    kafka as Source,
    ...createAwsSources({ allowed: awsTargets }),
    // One a line: many add to this list.
    mysql as Source,
    mqtt as Source,
    nats as Source,
    postgres as Source,
    rabbitmq as Source,
    redisStream as Source,
  ];
}

/** Every source of every platform, for who describes them. */
export const sources: readonly Source[] = createNodeSources({ awsTargets: [] });
