import type { BundledFunction } from 'tulle';
import { orderPriority } from './order-priority.ts';

/** Rules call these by name, in the step `compute`. */
export const functions: readonly BundledFunction[] = [orderPriority];
