import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { simulateStudy } from '../../carto/index.ts';
import { formatBytes, type GlobalOptions, print } from '../../core/cli.ts';

/** `vestibule simulate`: the export appears under its final name at once, as a finished copy would. */
export async function simulate(
  options: GlobalOptions,
  flags: { readonly out: string; readonly seed: number; readonly points?: number },
): Promise<void> {
  const folder = resolve(flags.out);
  await mkdir(folder, { recursive: true });
  const points = flags.points === undefined ? {} : { points: flags.points };
  const made = await simulateStudy({ folder, seed: flags.seed, atomic: true, ...points });
  print(options, made, () => {
    const { maps, points, lesions } = made.counts;
    return `${made.folder}\n${made.files} files, ${formatBytes(made.bytes)}: ${maps} maps, ${points} points, ${lesions} lesions`;
  });
}
