import type { Checkpoint } from '../core/gate-flag.ts';
import type { StudyCounts } from '../protocol/batch.ts';
import { eachLine } from './grammar/line.ts';
import { TableGrammar } from './grammar/table.ts';
import { entriesOf, type Survey } from './survey.ts';

/** How many maps and points the study XML lists, and how many lesions the VisiTag sites table has. */
export async function countsOf(survey: Survey, checkpoint: Checkpoint): Promise<StudyCounts> {
  const { maps } = survey.study;
  let lesions = 0;
  for (const { file } of entriesOf(survey, 'sites')) {
    const grammar = new TableGrammar('sites', 'blanks');
    await eachLine(file, checkpoint, 'sites', (line) => grammar.line(line));
    lesions += grammar.rows;
  }
  return { maps: maps.length, points: maps.reduce((total, map) => total + map.points.length, 0), lesions };
}
