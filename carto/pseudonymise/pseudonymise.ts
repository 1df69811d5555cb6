import type { Checkpoint } from '../../core/gate-flag.ts';
import type { Source } from '../source.ts';
import { randomCode } from './codes.ts';
import { rules } from './rules.ts';
import { type TransformedStudy, transform } from './transform.ts';

declare const pseudonymised: unique symbol;

/** A study without what identifies a patient: what archive and upload take, and nothing else. */
export type PseudonymisedStudy = TransformedStudy & { readonly [pseudonymised]: true };

export interface PseudonymiseOptions {
  /** Draws the variable part of study and map codes: letters, fresh each time. Default: 8 random letters. */
  readonly randomCode?: () => string;
}

/**
 * The only function that makes a `PseudonymisedStudy`. Every field is written by a rule of `rules.ts`; what has no rule
 * is left out; the output, names included, is searched as it is produced. The files read the source when they are
 * opened, so it must stay until they have been read; `checkpoint` is awaited before every piece in and out.
 *
 * Throws EMPTY, NO_STUDY, UNREADABLE, TOO_LARGE or PHI_SUSPECTED, here or while a file is read.
 */
export async function pseudonymise(
  source: Source,
  checkpoint: Checkpoint,
  options: PseudonymiseOptions = {},
): Promise<PseudonymisedStudy> {
  const study = await transform(source, checkpoint, { randomCode, ...options, rules, scan: true });
  return study as PseudonymisedStudy;
}
