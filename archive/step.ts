/** The pieces of work between which a build may wait, in the order in which they first come. */
export type BuildStep =
  | 'plan'
  | 'read'
  | 'compress'
  | 'insert'
  | 'flush'
  | 'commit'
  | 'hash'
  | 'settle'
  | 'keys'
  | 'place';

/** Waits until the step may be taken; rejects when the build must stop. */
export type EnterStep = (step: BuildStep) => Promise<void>;
