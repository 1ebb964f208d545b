import { findKafka, startKafka } from './kafka.ts';
import { findMariadb, startMariadb } from './mariadb.ts';
import { findMosquitto, startMosquitto } from './mosquitto.ts';
import { findNats, startNats } from './nats.ts';
import { findPostgres, startPostgres } from './postgres.ts';
import { findRabbitmq, startRabbitmq } from './rabbitmq.ts';
import { findRedis, startRedis } from './redis.ts';
import type { Server } from './server.ts';

/** What the tests of connectors want to talk to: each is found by its URL in a variable of the environment. */
export interface Service {
  readonly name: string;
  /** The package of Debian that has it; or, where none has, `install`. */
  readonly package?: string;
  /** The command that brings it. */
  readonly install?: string;
  readonly variable: string;
  /** Where its program is; `undefined` where it is not installed. */
  readonly find: () => string | undefined;
  readonly start: (program: string) => Promise<Server>;
}

export const services: readonly Service[] = [
  {
    name: 'Postgres',
    package: 'postgresql',
    variable: 'TULLE_TEST_POSTGRES_URL',
    find: findPostgres,
    start: startPostgres,
  },
  {
    name: 'MariaDB',
    package: 'mariadb-server',
    variable: 'TULLE_TEST_MYSQL_URL',
    find: findMariadb,
    start: startMariadb,
  },
  { name: 'Redis', package: 'redis-server', variable: 'TULLE_TEST_REDIS_URL', find: findRedis, start: startRedis },
  { name: 'NATS', package: 'nats-server', variable: 'TULLE_TEST_NATS_URL', find: findNats, start: startNats },
  {
    name: 'RabbitMQ',
    package: 'rabbitmq-server',
    variable: 'TULLE_TEST_RABBITMQ_URL',
    find: findRabbitmq,
    start: startRabbitmq,
  },
  {
    name: 'Mosquitto',
    package: 'mosquitto',
    variable: 'TULLE_TEST_MQTT_URL',
    find: findMosquitto,
    start: startMosquitto,
  },
  {
    name: 'Kafka',
    install: 'node test/services/kafka.ts, with Java and Maven',
    variable: 'TULLE_TEST_KAFKA_URL',
    find: findKafka,
    start: startKafka,
  },
];
