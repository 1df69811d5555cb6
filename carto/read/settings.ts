import type { Checkpoint } from '../../core/gate-flag.ts';
import { eachLine } from '../grammar/line.ts';
import type { SourceFile } from '../source.ts';
import type { SettingsBlock } from '../study.ts';
import { type Pair, pairAround } from './fields.ts';

/** One `key=      value` line; keys may hold blanks. Undefined for a line of another form. */
export function settingOf(text: string): Pair | undefined {
  return pairAround('=', text);
}

/** Reads a file of `key=` value pairs in blocks that blank lines divide. Lines of another form are passed over. */
export async function readSettings(file: SourceFile, kind: string, checkpoint: Checkpoint): Promise<SettingsBlock[]> {
  const blocks: Map<string, string>[] = [];
  let block: Map<string, string> | undefined;
  await eachLine(file, checkpoint, kind, (line) => {
    if (line.isBlank) {
      block = undefined;
      return;
    }
    const setting = settingOf(line.text());
    if (!setting) return;
    if (!block) {
      block = new Map();
      blocks.push(block);
    }
    block.set(setting.key, setting.value);
  });
  return blocks;
}
