import { visiTagTables } from '../files.ts';
import { meshSections } from '../grammar/mesh.ts';
import { meshText } from './mesh-writer.ts';
import type { Rules } from './rule.ts';
import { vocabularyWords, wordsOf } from './vocabulary.ts';

/**
 * Every word that the output may hold apart from generated codes: the vocabulary, and the names of the fields, columns
 * and files that the rules let through. A word that staff typed and that is one of these cannot be told from the
 * format's own.
 */
export function lexiconOf(rules: Rules): ReadonlySet<string> {
  const fields = Object.values(rules).flatMap((kind) => Object.keys(kind));
  const format = [...fields, ...Object.values(visiTagTables), ...Object.keys(meshSections), meshText];
  return new Set([...vocabularyWords, ...format.flatMap(wordsOf)]);
}
