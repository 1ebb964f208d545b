import type { BundledFunction } from './compute/define-function.ts';

/**
 * The functions in the bundle: import yours here and put them into the list, then deploy. Rules call them by name, in the
 * step `compute`; docs/functions.md shows how to write one.
 */
export const functions: readonly BundledFunction[] = [];
