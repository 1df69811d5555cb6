import { hmacSha256 } from '../core/digest.ts';
import type { Checkpoint } from '../core/gate-flag.ts';
import type { StudyCounts } from '../protocol/batch.ts';
import type { StudyMark } from '../protocol/study-marks.ts';
import { countsOf } from './counts.ts';
import { readPointStart } from './read/point.ts';
import { readSessions } from './read/sessions.ts';
import type { Source } from './source.ts';
import { entriesOf, type Survey, surveyExport } from './survey.ts';

/** What makes a study this study, whatever it is called and whenever it was exported. */
export interface StudyIdentity {
  readonly counts: StudyCounts;
  /** Equal for two exports of the same state of one study; 64 hex digits. */
  readonly fingerprint: string;
  /** What `sameStudy` compares: the study in any state. */
  readonly marks: readonly StudyMark[];
}

/** 128 bits of a keyed digest: no two marks of a site meet. */
const markDigits = 32;

/**
 * Reads only what identifies a study: map indices, ids and starts of ablation sessions, start times of points. They are
 * counters of the workstation, so nothing but keyed digests of them comes out. Throws EMPTY, NO_STUDY, or UNREADABLE
 * when the study XML or a file that was looked at is damaged.
 */
export async function identify(source: Source, checkpoint: Checkpoint, siteKey: Uint8Array): Promise<StudyIdentity> {
  const survey = await surveyExport(source, checkpoint);
  const content = survey.study.maps.map(({ index, points }) => `map ${index} ${points.length}`);
  const marks = survey.study.maps.map(({ index }) => `map ${index}`);
  for await (const { event, startMs } of eventsOf(survey, checkpoint)) {
    content.push(`${event} ${startMs ?? ''}`);
    // One whose start is not told has a number alone, and that is no mark.
    if (startMs !== undefined) marks.push(`${event} ${startMs}`);
  }
  return {
    counts: await countsOf(survey, checkpoint),
    fingerprint: hmacSha256(siteKey, `study\0${content.sort().join('\0')}`),
    marks: [...new Set(marks)].map((mark) => keyed(mark, siteKey)),
  };
}

function keyed(mark: string, siteKey: Uint8Array): StudyMark {
  const kind = mark.slice(0, mark.indexOf(' ')) as 'map' | 'session' | 'point';
  return `${kind}:${hmacSha256(siteKey, `mark\0${mark}`).slice(0, markDigits)}`;
}

/** What happened in a study at a moment of its own clock, as far as that is told. */
interface StudyEvent {
  readonly event: string;
  readonly startMs: number | undefined;
}

async function* eventsOf(survey: Survey, checkpoint: Checkpoint): AsyncGenerator<StudyEvent> {
  const indexOf = new Map(survey.study.maps.map((map) => [map.name, map.index]));
  for (const { file } of entriesOf(survey, 'visitag-sessions')) {
    for (const { id, startStudyMs } of await readSessions(file, checkpoint)) {
      yield { event: `session ${id}`, startMs: Number.isNaN(startStudyMs) ? undefined : startStudyMs };
    }
  }
  for (const { file, identity } of entriesOf(survey, 'point')) {
    const event = `point ${indexOf.get(identity.map)} ${identity.key.point}`;
    yield { event, startMs: await readPointStart(file, checkpoint) };
  }
}
