import { mkdir, open, readdir, realpath } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import {
  type ArchiveReader,
  extractArchive,
  openArchive,
  readKeysFile,
  type WholeArchive,
  wholeOf,
  writeKeysFile,
} from '../../archive/index.ts';
import { withoutRecipient } from '../../core/envelope.ts';
import { codeOf, GatewayError } from '../../core/errors.ts';
import { isInside } from '../../core/files.ts';
import type { Checkpoint } from '../../core/gate-flag.ts';
import type { ExportForm, LocalExport } from '../../protocol/control.ts';
import type { ArchiveRecord, LedgerReader } from '../../uploader/index.ts';

/**
 * - `NOTHING_HERE`: the case has no archive on this appliance (any more), or not the one that its own stands on
 * - `EXPORT_TARGET`: the folder is not empty, cannot be used, or is one of the appliance's
 */
export class ExportError extends GatewayError<'NOTHING_HERE' | 'EXPORT_TARGET'> {}

export interface ExportDeps {
  readonly read: Pick<LedgerReader, 'archivesOf' | 'archiveById'>;
  readonly casesFolder: string;
  /** Folders into which nothing is exported: the appliance's own, and the inboxes. */
  readonly ownFolders: readonly string[];
  readonly storageKey: { readonly kid: string; readonly secret: Uint8Array };
}

export interface ExportOrder {
  readonly caseId: string;
  readonly to: string;
  readonly form: ExportForm;
}

/**
 * Writes out what this appliance has of a case: its pseudonymised files, or its archives as they are sealed, with the
 * keys for everybody but the appliance itself. Nothing of the source is in either. Each file and piece passes
 * `checkpoint`.
 */
export async function exportLocally(
  order: ExportOrder,
  deps: ExportDeps,
  checkpoint: Checkpoint,
): Promise<LocalExport> {
  await checkpoint();
  const archives = deps.read.archivesOf(order.caseId).filter(({ kept }) => kept === 'here');
  if (archives.length === 0) {
    throw new ExportError('NOTHING_HERE', 'the appliance has no archive of this case', {
      hint: 'What was delivered and released is exported at the receiver: vestibule-cloud cases export.',
    });
  }
  await prepareFolder(order.to, deps.ownFolders);
  const { form, to } = order;
  if (form === 'archives') return copyArchives(archives, to, deps, checkpoint);
  const archive = archives.findLast(({ tier }) => tier === 'study') ?? archives[0]!;
  const base = archive.base === undefined ? undefined : baseOf(archive.base, deps);
  using reader = await openSealed(archive, deps);
  using baseReader = base && (await openSealed(base, deps));
  const whole: WholeArchive = wholeOf(reader, baseReader);
  const { files, bytes } = await extractArchive(whole, to, checkpoint);
  return { form, to, tiers: [archive.tier], files, bytes };
}

function openSealed({ file }: ArchiveRecord, { casesFolder, storageKey }: ExportDeps): Promise<ArchiveReader> {
  return openArchive(join(casesFolder, file), storageKey);
}

function baseOf(archiveId: string, { read }: ExportDeps): ArchiveRecord {
  const base = read.archiveById(archiveId);
  if (base?.kept === 'here') return base;
  throw new ExportError('NOTHING_HERE', 'the archive that the case stands on is not on the appliance any more', {
    hint: 'Export it at the receiver: vestibule-cloud cases export. Or take the sealed archive: --sealed.',
  });
}

async function copyArchives(
  archives: readonly ArchiveRecord[],
  to: string,
  { casesFolder, storageKey }: ExportDeps,
  checkpoint: Checkpoint,
): Promise<LocalExport> {
  let bytes = 0;
  for (const { file, keysFile } of archives) {
    await checkpoint();
    const keys = readKeysFile(join(casesFolder, keysFile));
    writeKeysFile(join(to, keysFile), { ...keys, keys: withoutRecipient(keys.keys, storageKey.kid) });
    bytes += await copyPieces(join(casesFolder, file), join(to, file), checkpoint);
  }
  const tiers = archives.map(({ tier }) => tier);
  return { form: 'archives', to, tiers, files: archives.length, bytes };
}

const pieceBytes = 256 * 1024;

async function copyPieces(from: string, to: string, checkpoint: Checkpoint): Promise<number> {
  await using source = await open(from, 'r');
  await using target = await open(to, 'wx', 0o600);
  const piece = Buffer.allocUnsafeSlow(pieceBytes);
  for (let bytes = 0; ; ) {
    await checkpoint();
    const { bytesRead } = await source.read(piece, 0, pieceBytes, bytes);
    if (bytesRead === 0) {
      await target.datasync();
      return bytes;
    }
    await target.writeFile(piece.subarray(0, bytesRead));
    bytes += bytesRead;
  }
}

/** Made if it is not there; must be empty, and outside of everything that the appliance looks after. */
async function prepareFolder(folder: string, ownFolders: readonly string[]): Promise<void> {
  try {
    const place = join(await realpath(dirname(folder)), basename(folder));
    if (ownFolders.some((own) => own === place || isInside(own, relative(own, place)))) {
      throw new ExportError('EXPORT_TARGET', 'the folder belongs to the appliance, or is an inbox');
    }
    await mkdir(place, { recursive: true, mode: 0o700 });
    if ((await readdir(place)).length === 0) return;
  } catch (cause) {
    if (cause instanceof ExportError) throw cause;
    throw new ExportError('EXPORT_TARGET', `the folder cannot be used (${codeOf(cause) ?? 'unknown'})`, { cause });
  }
  throw new ExportError('EXPORT_TARGET', 'the folder is not empty', { hint: 'Name a new or an empty folder.' });
}
