import type { Checkpoint } from '../../core/gate-flag.ts';
import type { Profile, UnsupportedKind } from '../../protocol/profile.ts';
import type { Source } from '../source.ts';
import type { Linkage } from './linkage.ts';
import { rules } from './rules.ts';
import { type TransformedStudy, transform } from './transform.ts';

declare const pseudonymised: unique symbol;

/** A study without what identifies a patient: what archive and upload take, and nothing else. */
export type PseudonymisedStudy = TransformedStudy & { readonly [pseudonymised]: true };

export interface PseudonymiseOptions {
  readonly profile: Profile;
  /** The site's linkage key: 32 bytes, which never leave the appliance. */
  readonly siteKey: Uint8Array;
  /**
   * What an earlier export of the same study left. Then unchanged files of the source give the same bytes under the
   * same names. Passed over when its profile is not the one asked for.
   */
  readonly linkage?: Linkage | undefined;
  /** Kinds that are not documented and leave nevertheless, as proved tables of numbers: what the site's file names. */
  readonly unsupported?: readonly UnsupportedKind[] | undefined;
}

/**
 * The only function that makes a `PseudonymisedStudy`. Every field is written by a rule of `rules.ts`; what has no rule
 * is left out; the output, names included, is searched as it is produced. The files read the source when they are
 * opened, so it must stay until they have been read; `checkpoint` is awaited before every piece in and out.
 *
 * What it cannot tell: a word of free text that is a word of the format in a place where the format has just that word
 * (a channel `RA`, a preset `NA`); a number that nobody typed elsewhere and that has the size of what its field holds (a
 * record number of nine digits as a time stamp, of six as the id of a point); digits behind a decimal point. Anatomy and
 * signals are anyone's own: the result is pseudonymous, not anonymous.
 *
 * Throws EMPTY, NO_STUDY, UNREADABLE, TOO_LARGE or PHI_SUSPECTED, here or while a file is read.
 */
export async function pseudonymise(
  source: Source,
  checkpoint: Checkpoint,
  { profile, siteKey, linkage, unsupported }: PseudonymiseOptions,
): Promise<PseudonymisedStudy> {
  const study = await transform(source, checkpoint, {
    profile,
    siteKey,
    linkage,
    unsupported,
    rules,
    scan: true,
    copies: true,
  });
  return study as PseudonymisedStudy;
}
