import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openArchive } from '../../archive/index.ts';
import { cloudFoldersOf } from '../../cloud/folders.ts';
import { readReceiverSettings } from '../../cloud/init.ts';
import { openCatalogueReader } from '../../receiver/index.ts';
import type { Site } from './site.ts';

/** Opens every archive that the receiver stores and writes its own files out. Returns how many archives there were. */
export async function openEverything(site: Site, to: string): Promise<number> {
  const folders = cloudFoldersOf(site.data);
  const { kid, ...privateKey } = readReceiverSettings(folders).keys.transit;
  const catalogue = openCatalogueReader(folders.receiver);
  const archives = await catalogue.archives();
  for (const archive of archives) {
    const object = findObject(folders.receiver, archive.sha256);
    using reader = await openArchive(object, { kid, privateKey }, archive.keys);
    for (const { name } of reader.files) {
      const target = join(to, archive.archiveId, name);
      mkdirSync(dirname(target), { recursive: true });
      const pieces: Uint8Array[] = [];
      for await (const piece of reader.read(name)) pieces.push(piece);
      writeFileSync(target, Buffer.concat(pieces));
    }
  }
  catalogue.close();
  return archives.length;
}

/** Where the receiver stores an archive. */
export function findObject(receiver: string, sha256: string): string {
  const found = readdirSync(receiver, { recursive: true, withFileTypes: true }).find(
    (entry) => entry.isFile() && entry.name.includes(sha256),
  );
  assert.ok(found, 'the object is in the store');
  return join(found.parentPath, found.name);
}

/**
 * Everything that left the appliance, or could, by where it is: names and bytes of the cloud's folder (what the hub got:
 * twin, events, blobs; what the receiver keeps), of the opened archives, of the appliance's own folder but for its
 * inbox, and what the three processes printed.
 */
export async function* everything(
  site: Site,
  opened: string,
): AsyncGenerator<{ readonly where: string; readonly bytes: Buffer }> {
  const { appliance, hub, receiver } = site;
  const printed = [appliance.lines, appliance.errors, hub.lines, hub.errors, receiver.lines, receiver.errors];
  yield { where: 'printed', bytes: Buffer.from(JSON.stringify(printed)) };
  for (const folder of [join(site.data, 'cloud'), opened, join(site.data, 'appliance')]) {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      const where = path.slice(site.data.length + 1);
      if (/^appliance\/inbox(?:\/|$)/.test(where)) continue;
      yield { where: `name of ${where}`, bytes: Buffer.from(where) };
      if (entry.isFile()) yield { where, bytes: readFileSync(path) };
    }
  }
}
