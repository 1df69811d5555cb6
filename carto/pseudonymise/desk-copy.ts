import type { UnsupportedKind } from '../../protocol/profile.ts';
import { FileClassifier, type StudyNames } from '../files.ts';
import type { StudyXml } from '../read/study-xml.ts';
import { Warnings } from '../warnings.ts';
import { Codes } from './codes.ts';
import { Counters } from './counters.ts';
import type { Linkage } from './linkage.ts';
import { Originals, type OriginalsCopy } from './originals.ts';
import type { Desk } from './pen.ts';
import { Prover } from './proof/prover.ts';
import type { CounterName } from './rule.ts';
import { rules } from './rules.ts';
import { schemeOf } from './scheme.ts';

/**
 * What the writers of one study know at one moment, as another thread takes it: plain values. It must not leave the
 * appliance: the linkage leads back, and the site's key is in it.
 */
export interface DeskCopy {
  readonly linkage: Linkage;
  readonly siteKey: Uint8Array;
  readonly originals: OriginalsCopy;
  readonly proved: readonly (readonly [CounterName, ReadonlySet<number>])[];
  readonly names: StudyNames;
  readonly studyName: string;
  readonly unsupported: readonly UnsupportedKind[];
}

interface Given {
  readonly siteKey: Uint8Array;
  readonly study: StudyXml;
  readonly unsupported: readonly UnsupportedKind[];
}

/** No study knows more; a made-up one is written by one thread alone. */
const maxKnown = 200_000;

/** Undefined where a copy would cost more than it saves. */
export function copyDesk(desk: Desk, { siteKey, study, unsupported }: Given): DeskCopy | undefined {
  const { codes, counters, originals, studyName } = desk;
  if (codes.size + counters.size + originals.size > maxKnown) return undefined;
  const names = {
    maps: study.maps.map(({ name, meshFiles }) => ({ name, meshFiles: [...meshFiles] })),
    shells: study.shells.map(({ fileName }) => fileName),
  };
  const proved = counters.proved();
  return {
    linkage: linkageOf(desk),
    ...{ siteKey, originals: originals.copy(), proved, names, studyName, unsupported },
  };
}

/** A desk that knows what the copy says, and may learn more: for itself alone. */
export function deskOf({ linkage, siteKey, originals: known, proved, names, studyName }: DeskCopy): Desk {
  const scheme = schemeOf({ profile: linkage.profile, siteKey, linkage, study: { name: studyName, maps: [] } });
  const originals = Originals.from(known);
  const codes = new Codes({ scheme, originals, known: linkage.codes });
  const counters = new Counters({ scheme, known: linkage.counters });
  for (const [name, values] of proved) for (const value of values) counters.prove(name, value);
  return {
    ...{ rules, scheme, codes, counters, originals, studyName },
    prover: new Prover({ originals, counters }),
    warnings: new Warnings(),
    classifier: new FileClassifier(names),
  };
}

export function linkageOf({ scheme: { profile, anchor, shiftDays }, codes, counters }: Desk): Linkage {
  return { v: 1, profile, anchor, shiftDays, codes: [...codes.list()], counters: counters.list() };
}
