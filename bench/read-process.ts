import { readdirSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { eachEcg, openSource, readStudy, type Study } from '../carto/index.ts';
import { passAlways } from '../core/gate-flag.ts';
import { measure } from './own-process.ts';

/**
 * One run of the bench `read`: reads a folder in one of several ways. `study`: everything into a Study, all signals once,
 * one after the other. `split`, `bytes`: the rivals, which understand nothing.
 */
const ways: Readonly<Record<string, (folder: string) => Promise<number>>> = {
  study: readIntoStudy,
  split: (folder) => throughFiles(folder, (piece) => piece.toString('latin1').split(/\s+/).length),
  bytes: (folder) => throughFiles(folder, countTokens),
};

const [way = '', folder = ''] = process.argv.slice(2);
await measure(() => (ways[way] as (folder: string) => Promise<number>)(folder));

async function readIntoStudy(path: string): Promise<number> {
  const source = await openSource(path, passAlways);
  const study = await readStudy(source, passAlways);
  let values = 0;
  for (const { load } of eachEcg(study)) {
    const ecg = await load();
    values += (ecg?.samples ?? 0) * (ecg?.channels.length ?? 0);
  }
  values += await readRest(study);
  await source.close?.();
  return values;
}

async function readRest({ maps, visiTag }: Study): Promise<number> {
  let rows = 0;
  for (const { points } of maps) {
    for (const { recording } of points) {
      rows += (await recording?.loadContactForce())?.trace.rows ?? 0;
      for (const track of recording?.tracks ?? []) rows += (await track.load())?.rows ?? 0;
    }
  }
  for (const table of ['raw-positions', 'positions-data', 'all-positions-in-grids'] as const) {
    for await (const part of visiTag?.rowsOf(table) ?? []) rows += part.rows;
  }
  return rows;
}

async function throughFiles(folder: string, each: (piece: Buffer) => number): Promise<number> {
  const buffer = Buffer.allocUnsafe(256 * 1024);
  let tokens = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = await open(join(entry.parentPath, entry.name));
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length);
      if (bytesRead === 0) break;
      tokens += each(buffer.subarray(0, bytesRead));
    }
    await file.close();
  }
  return tokens;
}

/** The least that finding tokens takes: a look at every byte. */
function countTokens(bytes: Buffer): number {
  let tokens = 0;
  let inside = false;
  for (let at = 0; at < bytes.length; at++) {
    const isToken = (bytes[at] as number) > 32;
    if (isToken && !inside) tokens++;
    inside = isToken;
  }
  return tokens;
}
