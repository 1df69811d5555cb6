export { firstMemory, nextState, opensGate, type Rules, step, transitions, type Word, wordOf } from './detector.ts';
export type { EvidenceSource, Statement } from './evidence.ts';
export { History } from './history.ts';
export {
  LeaseError,
  type LeaseWish,
  readLeases,
  refreshLeases,
  releaseLeases,
  remainingMs,
  takeLease,
} from './leases.ts';
export { OverrideError } from './plan-override.ts';
export { type MakeSources, sourcesOf } from './sources.ts';
export { suspendedMs } from './suspension.ts';
export { ProcedureWatch } from './watch.ts';
