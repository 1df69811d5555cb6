import type { Linkage } from '../carto/index.ts';

/** What stands behind a code. */
export interface Relinked {
  /** `study`, `map`, `tag`, … */
  readonly kind: string;
  readonly original: string;
  /** The code of the study in which it stands. */
  readonly study: string;
}

/** What was found for a code: its originals, or why there are none. */
export type RelinkAnswer =
  | { readonly result: 'found'; readonly found: readonly Relinked[] }
  /** Its study was pseudonymised so that nothing leads back. */
  | { readonly result: 'no-way-back' }
  | { readonly result: 'unknown' };

/**
 * Leads a code back. A study that was exported under several names has them all; a code may also stand in two studies,
 * rarely by chance, and the ids of formulas by design.
 */
export function relink(code: string, linkages: Iterable<Linkage>): RelinkAnswer {
  const found: Relinked[] = [];
  let isLost = false;
  for (const { profile, codes } of linkages) {
    const study = codes.find(({ kind }) => kind === 'study')?.code ?? '';
    const own = codes.filter((one) => one.code === code);
    if (profile === 'safe-harbor') isLost ||= own.length > 0;
    else found.push(...own.map(({ kind, original }) => ({ kind, original, study })));
  }
  if (found.length > 0) return { result: 'found', found };
  return { result: isLost ? 'no-way-back' : 'unknown' };
}
