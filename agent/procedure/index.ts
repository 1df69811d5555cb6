export { nextState, opensGate, type Word, wordOf } from './detector.ts';
export {
  LeaseError,
  type LeaseWish,
  readLeases,
  refreshLeases,
  releaseLeases,
  remainingMs,
  takeLease,
} from './leases.ts';
export { type Authority, ProcedureWatch } from './watch.ts';
