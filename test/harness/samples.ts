import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const samples = resolve(process.env.VESTIBULE_SAMPLES ?? join(root, '../shared/data'));

/** The porcine export: its folder, or undefined where the samples are not at hand. */
export const porcineExport = existing(
  join(samples, 'carto/openep-testingdata-pig-2021/Export_Study-1-11_25_2021-15-01-32'),
);

/** Option for `test`: runs it, or reports it as `skipped: no samples`. */
export const withSamples = porcineExport === undefined ? { skip: 'skipped: no samples' } : {};

function existing(path: string): string | undefined {
  return existsSync(path) ? path : undefined;
}
