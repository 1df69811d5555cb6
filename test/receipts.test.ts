import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { request } from 'node:https';
import { after, test } from 'node:test';
import { cloudFoldersOf } from '../cloud/folders.ts';
import { readReceiverSettings } from '../cloud/init.ts';
import { readSettings } from '../cloud/settings.ts';
import { mintUploadSas } from '../hub/blob/sas.ts';
import { findObject } from './harness/everything.ts';
import { Site } from './harness/site.ts';

let site: Site | undefined;
after(() => site?.close());

test('COURIER-09: after the receipt, other bytes in the place of the upload change nothing at the receiver', async () => {
  site = await (await Site.create()).start();
  await site.simulate(21, 2);
  await site.reached('delivered');
  const blobs = site.ledger((read) => read.cases().flatMap(({ caseId }) => read.archivesOf(caseId)));
  assert.equal(blobs.length, 2);
  for (const { blob } of blobs) assert.equal(await overwrite(site, blob ?? ''), 201, 'the endpoint itself allows it');
  const { receiver } = cloudFoldersOf(site.data);
  for (const { sha256 } of blobs) assert.equal(await digestOf(findObject(receiver, sha256)), sha256);
  const verified = await site.cloud('verify');
  assert.equal(verified.code, 0, verified.stdout + verified.stderr);
});

/** Puts other bytes under a blob's name with a ticket as the device gets it; answers with the status. */
function overwrite(at: Site, blob: string): Promise<number> {
  const folders = cloudFoldersOf(at.data);
  const { storageAccount } = readSettings(folders.settings);
  const { hub } = readReceiverSettings(folders);
  const sas = mintUploadSas(storageAccount, blob, new Date(Date.now() + 600_000));
  const bytes = randomBytes(5000);
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const sent = request(
    {
      ...{ host: '127.0.0.1', servername: hub.host, port: hub.httpsPort, ca: hub.caPem, method: 'PUT', agent: false },
      path: `/${storageAccount.name}/uploads/${blob}${sas}`,
      headers: { 'x-ms-blob-type': 'BlockBlob', 'x-ms-version': '2021-12-02', 'content-length': bytes.length },
    },
    (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    },
  );
  sent.on('error', reject);
  sent.end(bytes);
  return promise;
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path)) hash.update(piece as Buffer);
  return hash.digest('hex');
}
