import { GatewayError } from '../../core/errors.ts';

/**
 * - `BUNDLE_MISSING`, `BUNDLE_DAMAGED`: no such bundle, or not what its manifest says
 * - `BUNDLE_REFUSED`: it asks for what is not allowed: an operator, data outside, a size
 * - `SELF_TEST_FAILED`: it does not give its own golden outputs here
 * - `TIMED_OUT`, `CHILD_DIED`, `RUN_FAILED`: of the inference process
 */
export type ModelErrorCode =
  | 'BUNDLE_MISSING'
  | 'BUNDLE_DAMAGED'
  | 'BUNDLE_REFUSED'
  | 'SELF_TEST_FAILED'
  | 'TIMED_OUT'
  | 'CHILD_DIED'
  | 'RUN_FAILED';

export class ModelError extends GatewayError<ModelErrorCode> {}
