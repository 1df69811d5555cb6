export type { Identified, Sealed } from './jobs.ts';
export { SealError, Sealer } from './sealer.ts';
