import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openReader } from '../core/database.ts';
import type { CatalogueReader } from './catalogue/catalogue.ts';
import { SqliteReader } from './catalogue/reader.ts';
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

/** Opens the catalogue of the receiver in `folder`, which may be running. Writes nothing. Close it after use. */
export function openCatalogueReader(folder: string): CatalogueReader {
  const path = shelfPaths(folder).catalogue;
  if (!existsSync(path)) {
    throw new ReceiverError('CATALOGUE_MISSING', 'there is no catalogue yet', {
      hint: 'Start the receiver once, or name the right data folder.',
    });
  }
  return new SqliteReader(openReader(path));
}

/** Runs `use` with what the receiver in `folder` has stored. */
export async function withShelf<T>(folder: string, use: (shelf: Shelf) => Promise<T>): Promise<T> {
  const catalogue = openCatalogueReader(folder);
  try {
    return await use({ catalogue, objects: new FolderObjects(shelfPaths(folder).objects) });
  } finally {
    catalogue.close();
  }
}
