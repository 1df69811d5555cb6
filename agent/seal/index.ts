export type { Identified, Opening, Privacy, Sealed } from './jobs.ts';
export { SealError, Sealer } from './sealer.ts';
