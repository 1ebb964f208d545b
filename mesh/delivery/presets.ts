import type { RetryPolicy } from '../snapshot.ts';
import type { Preset } from './preset.ts';
import { defaultPreset } from './presets/default.ts';
import { eventbridgePreset } from './presets/eventbridge.ts';
import { eventgridPreset } from './presets/eventgrid.ts';
import { knativePreset } from './presets/knative.ts';
import { standardWebhooksPreset } from './presets/standard-webhooks.ts';
import { svixPreset } from './presets/svix.ts';

export const presetNames = ['default', 'eventbridge', 'knative', 'eventgrid', 'svix', 'standard-webhooks'] as const;

export type PresetName = (typeof presetNames)[number];

export const presets: Readonly<Record<PresetName, Preset>> = {
  default: defaultPreset,
  eventbridge: eventbridgePreset,
  knative: knativePreset,
  eventgrid: eventgridPreset,
  svix: svixPreset,
  'standard-webhooks': standardWebhooksPreset,
};

/** The preset of a policy. A name that is not known, as a snapshot of another version may have, is the default. */
export function presetOf({ preset = 'default' }: Pick<RetryPolicy, 'preset'>): Preset {
  return Object.hasOwn(presets, preset) ? presets[preset as PresetName] : defaultPreset;
}
