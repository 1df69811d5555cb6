import { createWriteStream } from 'node:fs';
import { resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { exitCode, formatBytes, type GlobalOptions, print, table, Verdict } from '../../core/cli.ts';
import { codeOf } from '../../core/errors.ts';
import { wireItem } from '../../protocol/item-pack.ts';
import { type CatalogueReader, type ItemQuery, type ItemRow, openCatalogueReader } from '../../receiver/index.ts';
import { cloudFoldersOf } from '../folders.ts';
import { readSettings } from '../settings.ts';

interface Flags {
  readonly device?: string;
  readonly kind?: string;
}

/** `items list`: what appliances sent beside cases, without the bodies. */
export async function listItems(options: GlobalOptions, flags: Flags): Promise<void> {
  const items = await read(options, (catalogue) => catalogue.items(queryOf(flags)));
  print(options, items, () => (items.length === 0 ? 'No item yet.' : table([head, ...items.map(row)])));
}

/** `items export --to FILE`: one JSON object in a line for each item, with its body. The file must not be there yet. */
export async function exportItems(options: GlobalOptions, flags: Flags & { readonly to: string }): Promise<void> {
  const to = resolve(flags.to);
  const items = await read(options, async (catalogue) => {
    const rows = await catalogue.items(queryOf(flags));
    try {
      await pipeline(linesOf(catalogue, rows), createWriteStream(to, { flags: 'wx', mode: 0o600 }));
    } catch (error) {
      if (codeOf(error) === 'EEXIST') throw new Verdict(exitCode.failed, `${to} is there already.`, 'Name a new file.');
      throw error;
    }
    return rows.length;
  });
  print(options, { items, to }, () => `${to}: ${items} items`);
}

async function* linesOf(catalogue: CatalogueReader, rows: readonly ItemRow[]): AsyncGenerator<string> {
  for (const { deviceId, id, kind, at, receivedAt } of rows) {
    const body = (await catalogue.itemBody(deviceId, id)) ?? new Uint8Array();
    yield `${JSON.stringify({ deviceId, receivedAt, ...wireItem({ id, kind, at, body }) })}\n`;
  }
}

const head = ['item', 'device', 'kind', 'made', 'size', 'received'];

function row({ id, deviceId, kind, at, bytes, receivedAt }: ItemRow): string[] {
  return [id, deviceId, kind, at, formatBytes(bytes), receivedAt];
}

function queryOf({ device, kind }: Flags): ItemQuery {
  return { deviceId: device, kind };
}

async function read<T>(options: GlobalOptions, use: (catalogue: CatalogueReader) => Promise<T>): Promise<T> {
  const folders = cloudFoldersOf(options.data);
  readSettings(folders.settings);
  const catalogue = openCatalogueReader(folders.receiver);
  try {
    return await use(catalogue);
  } finally {
    catalogue.close();
  }
}
