import { join } from 'node:path';
import type { CloudCase } from '../protocol/documents.ts';
import type { CatalogueReader } from './catalogue/catalogue.ts';
import { openCatalogueReader } from './catalogue/reader.ts';
import { ReceiverError } from './errors.ts';
import { FolderObjects } from './objects/folder.ts';
import type { Objects } from './objects/objects.ts';

/** What a receiver has stored, for whoever only looks: another process, a command, the console. */
export interface Shelf {
  readonly catalogue: CatalogueReader;
  readonly objects: Pick<Objects, 'open' | 'has' | 'list'>;
}

/** Where the parts of a receiver lie in its folder. */
export function shelfPaths(folder: string): { readonly catalogue: string; readonly objects: string } {
  return { catalogue: join(folder, 'catalogue.db'), objects: join(folder, 'objects') };
}

/** Opens the shelf of a receiver that may be running. Writes nothing. Close its catalogue after use. */
export function openShelf(folder: string): Shelf {
  const paths = shelfPaths(folder);
  return { catalogue: openCatalogueReader(paths.catalogue), objects: new FolderObjects(paths.objects) };
}

/** The one case of that id. Throws CASE_UNKNOWN, or CASE_AMBIGUOUS when two devices chose the same id. */
export async function caseById(catalogue: CatalogueReader, caseId: string, deviceId?: string): Promise<CloudCase> {
  const all = await catalogue.casesById(caseId);
  const cases = deviceId === undefined ? all : all.filter((each) => each.deviceId === deviceId);
  const [first, ...others] = cases;
  if (!first) {
    throw new ReceiverError('CASE_UNKNOWN', 'there is no case of that id', {
      hint: 'vestibule-cloud cases list shows them all.',
    });
  }
  if (others.length === 0) return first;
  throw new ReceiverError('CASE_AMBIGUOUS', `${cases.length} devices have a case of that id`, {
    hint: 'Say which device is meant.',
  });
}
