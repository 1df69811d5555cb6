import type { Checkpoint } from '../../core/gate-flag.ts';
import type { SourceLimits } from './limits.ts';
import type { Spool } from './spool.ts';

/** What every container of one source shares. */
export interface Context {
  readonly checkpoint: Checkpoint;
  readonly limits: SourceLimits;
  readonly password: string | undefined;
  /** Size of the container that somebody put there. */
  readonly outermostBytes: number;
  /** The one spool of the source, begun when it is first needed. */
  spool(): Promise<Spool>;
}
