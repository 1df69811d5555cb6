export { DiskStanding } from './disk-standing.ts';
export { SealError } from './job-error.ts';
export type { Identified, Opening, Privacy, Sealed } from './jobs.ts';
export { Sealer } from './sealer.ts';
