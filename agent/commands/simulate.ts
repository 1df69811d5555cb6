import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type SimulateOptions, simulateStudy } from '../../carto/index.ts';
import { formatBytes, type GlobalOptions, print } from '../../core/cli.ts';

/** As on the command line. */
type Flags = Pick<SimulateOptions, 'seed' | 'points' | 'exportOrdinal' | 'stamp' | 'extraPoints' | 'meshEdits'> & {
  readonly out: string;
  readonly study?: string;
};

/** `vestibule simulate`: the export appears under its final name at once, as a finished copy would. */
export async function simulate(options: GlobalOptions, flags: Flags): Promise<void> {
  const { out, study, ...rest } = flags;
  const folder = resolve(out);
  await mkdir(folder, { recursive: true });
  const names = study === undefined ? {} : { names: { study } };
  const made = await simulateStudy({ ...rest, ...names, folder, atomic: true });
  print(options, made, () => {
    const { maps, points, lesions } = made.counts;
    return `${made.folder}\n${made.files} files, ${formatBytes(made.bytes)}: ${maps} maps, ${points} points, ${lesions} lesions`;
  });
}
