import { resolve } from 'node:path';
import { formatBytes, type GlobalOptions, print, table, UsageError } from '../../core/cli.ts';
import { certificateLines } from '../../protocol/certificate-lines.ts';
import type { CloudCase } from '../../protocol/documents.ts';
import { exportCase as exportFrom, openCatalogueReader } from '../../receiver/index.ts';
import { cloudFoldersOf } from '../folders.ts';
import { readReceiverSettings } from '../init.ts';
import { readSettings } from '../settings.ts';

/** `cases list`: every case of the catalogue. */
export async function listCases(options: GlobalOptions): Promise<void> {
  const cases = await read(options, (catalogue) => catalogue.cases());
  print(options, cases, () => (cases.length === 0 ? 'No case yet.' : table([head, ...cases.map(row)])));
}

/** `cases show ID`. */
export async function showCase(options: GlobalOptions, id: string): Promise<void> {
  const found = await read(options, (catalogue) => catalogue.caseById(id));
  if (!found) throw unknown(id);
  print(options, found, () => detail(found));
}

/** `cases export ID --to DIR`: opens the archive with the transit key and writes the pseudonymised files out. */
export async function exportCase(options: GlobalOptions, id: string, flags: { readonly to: string }): Promise<void> {
  const folders = cloudFoldersOf(options.data);
  readSettings(folders.settings);
  const { keys } = readReceiverSettings(folders);
  const to = resolve(flags.to);
  const done = await exportFrom({ folder: folders.receiver, caseId: id, to, transitKey: keys.transit });
  print(options, { ...done, to }, () => `${to}: ${done.files} files, ${formatBytes(done.bytes)}`);
}

const head = ['case', 'device', 'maps', 'points', 'lesions', 'archives'];

function row(one: CloudCase): string[] {
  const archives = one.archives.map(({ tier, bytes }) => `${tier} ${formatBytes(bytes)}`).join(', ');
  return [one.caseId, one.deviceId, String(one.maps), String(one.points), String(one.lesions), archives];
}

function detail(one: CloudCase): string {
  const archives = one.archives.map((archive) => [
    archive.tier,
    `${archive.files} files, ${formatBytes(archive.bytes)}, received ${archive.receivedAt}, SHA-256 ${archive.sha256}${
      archive.base === undefined ? '' : `, the rest as in ${archive.base}`
    }${archive.withdrawnAt === undefined ? '' : `, erased by order ${archive.withdrawnAt}`}`,
  ]);
  const counts = `${one.maps} maps, ${one.points} points, ${one.lesions} lesions`;
  const certificate = one.certificate === undefined ? [] : certificateLines(one.certificate);
  return table([['case', one.caseId], ['device', one.deviceId], ['study', counts], ...archives, ...certificate]);
}

async function read<T>(
  options: GlobalOptions,
  use: (catalogue: ReturnType<typeof openCatalogueReader>) => Promise<T> | T,
): Promise<T> {
  const folders = cloudFoldersOf(options.data);
  readSettings(folders.settings);
  const catalogue = openCatalogueReader(folders.receiver);
  try {
    return await use(catalogue);
  } finally {
    await catalogue.close();
  }
}

function unknown(id: string): UsageError {
  return new UsageError('MISUSED', `there is no case ${id}`, { hint: 'See `vestibule-cloud cases`.' });
}
