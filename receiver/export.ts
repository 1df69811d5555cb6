import { mkdir, readdir } from 'node:fs/promises';
import { type ArchiveReader, extractArchive, openArchive, wholeOf } from '../archive/index.ts';
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
  /** The archive that holds what is as it was in an earlier export of the study. */
  readonly base?: string;
  readonly files: number;
  readonly bytes: number;
}

/**
 * Writes the pseudonymised files of a case out: of its study archive, or of the review archive where there is no
 * other. Of a re-export that is the whole study as it was then, put together from the archive and its base. The bytes of
 * both are checked against their receipt's digest first, each file against its own.
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
  const base = archive.base === undefined ? undefined : await baseOf(shelf, archive, archive.base);
  using reader = await open(shelf, archive, order.transitKey);
  using baseReader = base && (await open(shelf, base, order.transitKey));
  const whole = wholeOf(reader, baseReader);
  await prepareFolder(order.to);
  const { files, bytes } = await extractArchive(whole, order.to);
  const standsOn = base ? { base: base.archiveId } : {};
  return { archiveId: archive.archiveId, tier: archive.tier, ...standsOn, files, bytes };
}

async function open(shelf: Shelf, archive: ArchiveRow, transitKey: PrivateKey): Promise<ArchiveReader> {
  const path = await shelf.objects.open(archive.sha256);
  await checkBytes(path, archive);
  const { kid, ...privateKey } = transitKey;
  return openArchive(path, { kid, privateKey }, archive.keys);
}

async function baseOf(shelf: Shelf, { deviceId }: ArchiveRow, archiveId: string): Promise<ArchiveRow> {
  const base = await shelf.catalogue.archive(deviceId, archiveId);
  if (base) return base;
  throw new ReceiverError('OBJECT_MISSING', 'the archive that the case stands on is not in the catalogue', {
    hint: 'Restore the catalogue from a backup; vestibule-cloud verify names what is missing.',
  });
}

/** The newest study archive, else the newest review archive. */
function choose(archives: readonly ArchiveRow[]): ArchiveRow {
  const kept = archives.filter(({ withdrawnAt }) => withdrawnAt === undefined);
  const newest = (tier: Tier) => kept.findLast((archive) => archive.tier === tier);
  const archive = newest('study') ?? newest('review');
  if (!archive && archives.length > 0) throw new ReceiverError('CASE_ERASED', 'the case was withdrawn and erased');
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
