export { type Tried, tryFunction, type TryOptions } from '../functions/compute/try-function.ts';
