import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { passAlways } from '../../core/gate-flag.ts';
import { openFolder } from '../folder.ts';
import type { Source } from '../source.ts';

const samples = process.env.VESTIBULE_SAMPLES ?? join(import.meta.dirname, '../../../shared/data');

const porcine = 'carto/openep-testingdata-pig-2021/Export_Study-1-11_25_2021-15-01-32';
const auxiliary = 'carto/thomgrand-aux-meshes';

/** Folders of real exports, or why a test that needs them is skipped. */
export const porcineFolder = join(samples, porcine);
export const withSamples = existsSync(porcineFolder) ? {} : { skip: 'skipped: no samples' };

export function porcineSource(): Promise<Source> {
  return openFolder(porcineFolder, passAlways);
}

/** A study XML with two imported surfaces, and the surfaces. */
export function auxiliarySource(): Promise<Source> {
  return openFolder(join(samples, auxiliary), passAlways);
}
