export {
  type BundledFunction,
  defineFunction,
  type FunctionContext,
  type FunctionEvent,
  type FunctionOutput,
  type FunctionResult,
} from '../functions/compute/define-function.ts';
export { retryLater } from '../functions/compute/retry-later.ts';
