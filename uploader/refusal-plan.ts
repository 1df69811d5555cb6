/** An archive of a batch that the receiver refused for good. */
export interface RefusedArchive {
  readonly archiveId: string;
  readonly caseId: string;
  /** 1 unless it was sent back before, or a name was spoilt. */
  readonly nameTry: number;
}

/**
 * What follows from a refusal.
 *
 * - `upload-again`: the bytes got lost or changed on their way, the sealed ones are still here: they go once more
 * - `announce-alone`: one archive is at fault, nobody said which: each is announced once more in a batch of its own
 * - `hold`: the archive is not wanted as it is, or stands on a base that is not there; its case needs a person
 */
export type RefusalPlan = 'upload-again' | 'announce-alone' | 'hold';

/** Refusals that say nothing about what was sealed, only about what arrived. */
const lostOnTheWay = new Set(['BLOB_LOST', 'DIGEST_MISMATCH']);

/** Another archive of the batch was withdrawn before it arrived. Its sender knows which: the rest goes on. */
const withdrawnCode = 'CASE_WITHDRAWN';

/** So many names are tried for one archive; an endpoint that spoils every one of them needs a person. */
const maxNameTries = 5;

/** What to do about a refused batch. Ends: an archive has a new name, or less company, each time. */
export function planAfterRefusal(code: string, archives: readonly RefusedArchive[]): RefusalPlan {
  const mayTryAgain = archives.every(({ nameTry }) => nameTry < maxNameTries);
  if (lostOnTheWay.has(code) && mayTryAgain) return 'upload-again';
  if (code === withdrawnCode) return 'announce-alone';
  return archives.length > 1 ? 'announce-alone' : 'hold';
}
