export type { Identified, Privacy, Sealed } from './jobs.ts';
export { SealError, Sealer } from './sealer.ts';
