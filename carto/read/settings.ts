import type { Checkpoint } from '../../core/gate-flag.ts';
import { eachLine } from '../grammar/line.ts';
import type { SourceFile } from '../source.ts';
import type { SettingsBlock } from '../study.ts';

/** One `key=      value` line; keys may hold blanks. */
export const settingLine = /^\s*([^=]+?)\s*=\s*(.*?)\s*$/;

/** Reads a file of `key=` value pairs in blocks that blank lines divide. Lines of another form are passed over. */
export async function readSettings(file: SourceFile, kind: string, checkpoint: Checkpoint): Promise<SettingsBlock[]> {
  const blocks: Map<string, string>[] = [];
  let block: Map<string, string> | undefined;
  await eachLine(file, checkpoint, kind, (line) => {
    if (line.isBlank) {
      block = undefined;
      return;
    }
    const [, key, value] = settingLine.exec(line.text()) ?? [];
    if (key === undefined || value === undefined) return;
    if (!block) {
      block = new Map();
      blocks.push(block);
    }
    block.set(key, value);
  });
  return blocks;
}
