import { dingtalk } from '../connectors/sinks/dingtalk.ts';
import { discord } from '../connectors/sinks/discord.ts';
import { email } from '../connectors/sinks/email.ts';
import { http } from '../connectors/sinks/http.ts';
import { kafkaRest } from '../connectors/sinks/kafka-rest.ts';
import { lark } from '../connectors/sinks/lark.ts';
import { prometheus } from '../connectors/sinks/prometheus.ts';
import { s3 } from '../connectors/sinks/s3.ts';
import { slack } from '../connectors/sinks/slack.ts';
import { wecom } from '../connectors/sinks/wecom.ts';
import type { Sink } from '../mesh/sink.ts';

/** Every sink that needs no driver: it runs on every platform. */
export const sinks: readonly Sink[] = [
  http as Sink,
  s3 as Sink,
  slack as Sink,
  discord as Sink,
  lark as Sink,
  dingtalk as Sink,
  wecom as Sink,
  email as Sink,
  prometheus as Sink,
  kafkaRest as Sink,
];
