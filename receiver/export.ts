import { mkdir, readdir } from 'node:fs/promises';
import { extractArchive, openArchive } from '../archive/index.ts';
import { sha256OfFile } from '../core/digest.ts';
import { codeOf } from '../core/errors.ts';
import type { Tier } from '../protocol/ids.ts';
import type { ArchiveRow } from './catalogue/catalogue.ts';
import { ReceiverError } from './errors.ts';
import type { PrivateKey } from './settings.ts';
import { type Shelf, withShelf } from './shelf.ts';

export interface ExportOrder {
  /** The receiver's. */
  readonly folder: string;
  readonly caseId: string;
  /** Needed only where two devices chose the same case id. */
  readonly deviceId?: string;
  /** Made if it is not there; must be empty. */
  readonly to: string;
  readonly transitKey: PrivateKey;
}

export interface Exported {
  readonly archiveId: string;
  readonly tier: Tier;
  readonly files: number;
  readonly bytes: number;
}

/**
 * Writes the pseudonymised files of a case out: of its study archive, or of the review archive where there is no
 * other. The archive's bytes are checked against their receipt's digest first, each file against its own.
 */
export async function exportCase(order: ExportOrder): Promise<Exported> {
  return withShelf(order.folder, (shelf) => exportFrom(shelf, order));
}

async function exportFrom(shelf: Shelf, order: ExportOrder): Promise<Exported> {
  const found = await shelf.catalogue.caseById(order.caseId, order.deviceId);
  if (!found) {
    const hint = 'vestibule-cloud cases list shows them all.';
    throw new ReceiverError('CASE_UNKNOWN', 'there is no case of that id', { hint });
  }
  const archive = choose(await shelf.catalogue.archivesOf(found.deviceId, order.caseId));
  const path = await shelf.objects.open(archive.sha256);
  await checkBytes(path, archive);
  await prepareFolder(order.to);
  const { kid, ...privateKey } = order.transitKey;
  const reader = await openArchive(path, { kid, privateKey }, archive.keys);
  try {
    const { files, bytes } = await extractArchive(reader, order.to);
    return { archiveId: archive.archiveId, tier: archive.tier, files, bytes };
  } finally {
    reader.close();
  }
}

/** The newest study archive, else the newest review archive. */
function choose(archives: readonly ArchiveRow[]): ArchiveRow {
  const newest = (tier: Tier) => archives.findLast((archive) => archive.tier === tier);
  const archive = newest('study') ?? newest('review');
  if (!archive) throw new ReceiverError('CASE_EMPTY', 'the case has no archive');
  return archive;
}

async function checkBytes(path: string, archive: ArchiveRow): Promise<void> {
  const { sha256, bytes } = await sha256OfFile(path);
  if (sha256 === archive.sha256 && bytes === archive.bytes) return;
  throw new ReceiverError('OBJECT_MISSING', 'the stored bytes are not those of the receipt any more', {
    hint: 'Restore the object from a backup; vestibule-cloud verify names what is damaged.',
  });
}

async function prepareFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    if ((await readdir(folder)).length === 0) return;
  } catch (cause) {
    const code = codeOf(cause) ?? 'unknown';
    throw new ReceiverError('EXPORT_TARGET', `the folder cannot be used (${code})`, { cause });
  }
  throw new ReceiverError('EXPORT_TARGET', 'the folder is not empty', { hint: 'Name a new or an empty folder.' });
}
