import { compute } from './compute.ts';
import { constant } from './constant.ts';
import type { Transformer } from './define-transformer.ts';
import { inputTransformer } from './input-transformer.ts';
import { jsonata } from './jsonata.ts';
import { original } from './original.ts';
import { redact } from './redact.ts';
import { template } from './template.ts';

/** Every transformer there is, by the key that names it in a step. */
export const transformers: Readonly<Record<string, Transformer<never>>> = {
  compute,
  constant,
  inputTransformer,
  original,
  redact,
  template,
  transform: jsonata,
};
