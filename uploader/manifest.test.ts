import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { generateEcKeyPair, open, seal } from '../core/envelope.ts';
import { temporaryFolder } from '../core/testing/folder.ts';
import { maxManifestBytes } from '../protocol/batch.ts';
import { newId } from '../protocol/ids.ts';
import { planBatch } from './batch-plan.ts';
import type { ArchiveRecord } from './ledger-records.ts';
import { entryBytesOf, manifestEntry, manifestOf } from './manifest.ts';
import { someArchive } from './testing/ledger.ts';

const device = 'd'.repeat(64);
const storage = { kid: 'storage-1', secret: new Uint8Array(randomBytes(32)) };

async function archiveIn(folder: string, recipients: number, dataKey = randomBytes(32)): Promise<ArchiveRecord> {
  const archive = {
    ...someArchive(),
    caseId: newId('case'),
    nameTry: 1,
    send: 'always' as const,
    kept: 'here' as const,
    counts: { maps: 99, points: 1e6, lesions: 1e4 },
  };
  const transit = Array.from({ length: recipients }, (_, n) => {
    return { kid: `transit-${'k'.repeat(40)}-${n}`, publicKey: generateEcKeyPair().publicKey };
  });
  const keys = await seal(dataKey, [storage, ...transit]);
  const { archiveId, caseId, tier, sha256, bytes, keysFile } = archive;
  writeFileSync(join(folder, keysFile), JSON.stringify({ v: 1, archiveId, caseId, tier, sha256, bytes, keys }));
  return { ...archive, blob: `${device}/${archiveId}.case` };
}

for (const recipients of [1, 7]) {
  test(`a full batch for ${recipients} readers fits into one event, signature included`, async (t) => {
    const folder = temporaryFolder(t);
    const archives = await Promise.all(Array.from({ length: 64 }, () => archiveIn(folder, recipients)));
    const pending = [];
    for (const archive of archives) {
      const entryBytes = await entryBytesOf(folder, archive);
      assert.ok(JSON.stringify(manifestEntry(folder, storage.kid, archive)).length <= entryBytes);
      pending.push({ ...archive, entryBytes });
    }
    const chosen = planBatch(pending)?.archiveIds ?? [];
    assert.ok(recipients === 7 ? chosen.length < 40 : chosen.length > 56, `${chosen.length} archives`);
    const entries = archives
      .filter(({ archiveId }) => chosen.includes(archiveId))
      .map((archive) => manifestEntry(folder, storage.kid, archive));
    const batch = {
      batchId: newId('bat'),
      tier: 'review',
      urgency: 'review',
      state: 'uploading',
      createdAt: new Date().toISOString(),
    } as const;
    const payload = Buffer.from(
      JSON.stringify(
        manifestOf(batch, device, { archives: entries, audit: { seq: Number.MAX_SAFE_INTEGER, hash: 'f'.repeat(64) } }),
      ),
    ).toString('base64url');
    const headerWithCertificate = 4096;
    const signatureOfRsa4096 = 684;
    assert.ok(payload.length + headerWithCertificate + signatureOfRsa4096 <= maxManifestBytes);
  });
}

test('the appliance alone is not among the readers that a manifest names, and the others can still open', async (t) => {
  const folder = temporaryFolder(t);
  const archive = await archiveIn(folder, 2);
  const { keys } = manifestEntry(folder, storage.kid, archive);
  assert.equal(keys.recipients.length, 2);
  await assert.rejects(open(keys, storage), { code: 'NOT_A_RECIPIENT' });
});

test('keys that are gone, no keys, of another archive, or for the appliance alone: damaged', async (t) => {
  const folder = temporaryFolder(t);
  const archive = await archiveIn(folder, 1);
  const other = await archiveIn(folder, 1);
  const lonely = await archiveIn(folder, 0);
  const damaged = { code: 'ARCHIVE_DAMAGED' };
  assert.throws(() => manifestEntry(folder, storage.kid, { ...archive, keysFile: 'gone' }), damaged);
  await assert.rejects(entryBytesOf(folder, { ...archive, keysFile: 'gone' }), damaged);
  assert.throws(() => manifestEntry(folder, storage.kid, { ...archive, keysFile: other.keysFile }), damaged);
  assert.throws(() => manifestEntry(folder, storage.kid, lonely), damaged);
  writeFileSync(join(folder, archive.keysFile), '{"secret":');
  assert.throws(() => manifestEntry(folder, storage.kid, archive), damaged);
});
