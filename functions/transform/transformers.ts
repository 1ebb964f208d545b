import { compute } from './compute.ts';
import type { Transformer } from './define-transformer.ts';
import { jsonata } from './jsonata.ts';
import { redact } from './redact.ts';

/** Every transformer there is, by the key that names it in a step. */
export const transformers: Readonly<Record<string, Transformer<never>>> = {
  compute,
  redact,
  transform: jsonata,
};
