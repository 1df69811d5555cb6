import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { canariesOf, type SimulateOptions, simulateStudy } from '../../carto/index.ts';
import { formatBytes, type GlobalOptions, print } from '../../core/cli.ts';

/** Flags that are options of the simulator under the same name. */
type SameFlags = Pick<
  SimulateOptions,
  | ('seed' | 'size' | 'points' | 'generation' | 'chamber' | 'variant' | 'catheter' | 'remap' | 'paso' | 'shell')
  | ('cutOuts' | 'container' | 'inner' | 'encryption' | 'truth')
  | ('exportOrdinal' | 'stamp' | 'extraPoints' | 'meshEdits')
>;

type Flags = SameFlags & {
  readonly out: string;
  readonly study?: string;
  readonly gap?: number;
  readonly canaries?: string;
  readonly passwordFile?: string;
  readonly live?: string;
  readonly speed: number;
};

/** `vestibule simulate`: the export appears under its final name at once, as a finished copy would. */
export async function simulate(options: GlobalOptions, flags: Flags): Promise<void> {
  const { out, study, gap, canaries, passwordFile, live, speed, ...same } = flags;
  const folder = resolve(out);
  await mkdir(folder, { recursive: true });
  const made = await simulateStudy({
    ...same,
    ...(study === undefined ? {} : { names: { study } }),
    ...(gap === undefined ? {} : { ablationGapMm: gap }),
    ...(canaries === undefined ? {} : { canaries: true }),
    ...(passwordFile === undefined ? {} : { password: firstLine(passwordFile) }),
    ...(live === undefined ? {} : { live: { folder: resolve(live), speed } }),
    folder,
    atomic: true,
  });
  if (canaries !== undefined) await writeFile(canaries, `${JSON.stringify(canariesOf(flags.seed), null, 2)}\n`);
  print(options, made, () => {
    const { maps, points, lesions } = made.counts;
    return `${made.folder}\n${made.files} files, ${formatBytes(made.bytes)}: ${maps} maps, ${points} points, ${lesions} lesions`;
  });
}

/** A password never stands on the command line, where every process of the machine could read it. */
function firstLine(file: string): string {
  return readFileSync(file === '-' ? 0 : file, 'utf8').split(/\r?\n/)[0] ?? '';
}
