import type { Checkpoint } from '../core/gate-flag.ts';
import type { StudyCounts } from '../protocol/batch.ts';
import { countsOf } from './counts.ts';
import { readPointStart } from './read/point.ts';
import { readSessions } from './read/sessions.ts';
import type { Source } from './source.ts';
import { entriesOf, type Survey, surveyExport } from './survey.ts';

/** What makes a study this study, whatever it is called and whenever it was exported. */
export interface StudyIdentity {
  readonly counts: StudyCounts;
  /**
   * Sorted lines over map indices, session ids and point start times: equal for two exports of the same state of one
   * study. They hold counters of the workstation: only a keyed digest of them may be kept.
   */
  readonly content: readonly string[];
}

/**
 * Reads only what identifies a study. Throws EMPTY, NO_STUDY, or UNREADABLE when the study XML or a file that was
 * looked at is damaged.
 */
export async function identify(source: Source, checkpoint: Checkpoint): Promise<StudyIdentity> {
  const survey = await surveyExport(source, checkpoint);
  const content: string[] = [];
  for await (const line of contentOf(survey, checkpoint)) content.push(line);
  return { counts: await countsOf(survey, checkpoint), content: content.sort() };
}

async function* contentOf(survey: Survey, checkpoint: Checkpoint): AsyncGenerator<string> {
  const indexOf = new Map(survey.study.maps.map((map) => [map.name, map.index]));
  for (const { index, points } of survey.study.maps) yield `map ${index} ${points.length}`;
  for (const { file } of entriesOf(survey, 'visitag-sessions')) {
    for (const session of await readSessions(file, checkpoint)) yield `session ${session.id} ${session.startStudyMs}`;
  }
  for (const { file, identity } of entriesOf(survey, 'point')) {
    const start = await readPointStart(file, checkpoint);
    yield `point ${indexOf.get(identity.map)} ${identity.key.point} ${start ?? ''}`;
  }
}
