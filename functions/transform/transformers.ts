import { compute } from './compute.ts';
import { constant } from './constant.ts';
import type { Transformer } from './define-transformer.ts';
import { flatten } from './flatten.ts';
import { inputTransformer } from './input-transformer.ts';
import { jsonata } from './jsonata.ts';
import { merge } from './merge.ts';
import { omit } from './omit.ts';
import { original } from './original.ts';
import { pick } from './pick.ts';
import { redact } from './redact.ts';
import { rename } from './rename.ts';
import { split } from './split.ts';
import { template } from './template.ts';

/** Every transformer there is, by the key that names it in a step. */
export const transformers: Readonly<Record<string, Transformer<never>>> = {
  compute,
  constant,
  flatten,
  inputTransformer,
  merge,
  omit,
  original,
  pick,
  redact,
  rename,
  split,
  template,
  transform: jsonata,
};
