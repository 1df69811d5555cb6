export { nextState, opensGate, type Word, wordOf } from './detector.ts';
export { LeaseError, readLeases, refreshLeases, releaseLeases, remainingMs, takeLease } from './leases.ts';
export { type Authority, ProcedureWatch } from './watch.ts';
