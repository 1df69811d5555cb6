import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { compactVerify } from 'jose';
import { z } from 'zod';
import { openFolder, readStudy, type Study } from '../carto/index.ts';
import { passAlways } from '../core/gate-flag.ts';
import { applianceCaseSchema, cloudCaseSchema } from '../protocol/documents.ts';
import { caseFindingsSchema, notForDiagnosis } from '../protocol/findings.ts';
import { receiptSchema } from '../protocol/receipt.ts';
import { porcineExport, withSamples } from './harness/samples.ts';
import { expectDone, Site } from './harness/site.ts';
import { until } from './harness/until.ts';

/** Takes a case from the inbox to the exported files at the cloud side, and returns where those are. */
async function journey(site: Site): Promise<{ exported: string; study: Study }> {
  const [delivered] = await site.reached('delivered');
  assert.ok(delivered);
  const cloud = await site.cloudCases();
  assert.equal(cloud.length, 1);
  z.array(applianceCaseSchema).parse(await site.listedCases());
  assert.deepEqual(await site.listedCases(), await site.cases());
  z.array(cloudCaseSchema).parse(cloud);
  const tiers = (one: { archives: readonly { tier: string; sha256: string; bytes: number }[] }) =>
    one.archives.map(({ tier, sha256, bytes }) => ({ tier, sha256, bytes })).sort((a, b) => (a.tier < b.tier ? -1 : 1));
  assert.deepEqual(tiers(cloud[0]!), tiers(delivered));
  assert.deepEqual(
    tiers(delivered).map(({ tier }) => tier),
    ['review', 'study'],
  );
  await verifyReceipts(site);
  assert.equal((await site.cloud('verify')).code, 0);
  const exported = join(site.data, 'exported');
  await expectDone(site.cloud('cases', 'export', delivered.caseId, '--to', exported, '--json'));
  const study = await readStudy(await openFolder(exported, passAlways), passAlways);
  const { maps, points, lesions } = cloud[0]!;
  assert.deepEqual({ maps, points, lesions }, countsOf(study));
  return { exported, study };
}

/** Every receipt in the catalogue verifies with the key of the bundle and stands for the archive it lies beside. */
async function verifyReceipts(site: Site): Promise<void> {
  const bundle = JSON.parse(readFileSync(join(site.data, 'appliance', 'bundle.json'), 'utf8')) as { payload: string };
  const { receiptKeys } = JSON.parse(Buffer.from(bundle.payload, 'base64url').toString()) as {
    receiptKeys: { kid: string }[];
  };
  for (const archive of (await site.cloudCases()).flatMap((one) => one.archives)) {
    const key = createPublicKey({ key: receiptKeys[0] as never, format: 'jwk' });
    const { payload } = await compactVerify(archive.receipt, key, { algorithms: ['ES256'] });
    const receipt = receiptSchema.parse(JSON.parse(Buffer.from(payload).toString()));
    const { archiveId, sha256, bytes } = archive;
    assert.ok(
      receipt.archives.some((one) => one.archiveId === archiveId && one.sha256 === sha256 && one.bytes === bytes),
    );
  }
}

function countsOf(study: Study) {
  const points = study.maps.reduce((sum, map) => sum + map.points.length, 0);
  return { maps: study.maps.length, points, lesions: study.visiTag?.sites.length ?? 0 };
}

/** The tokens of a file from its first section on, so that heads with names are left out. */
function numbersOf(file: string, from: RegExp): string[] {
  const text = readFileSync(file, 'latin1');
  return text.slice(text.search(from)).split(/\s+/);
}

describe('the porcine export', withSamples, () => {
  let site: Site | undefined;
  after(() => site?.close());

  test('JOURNEY-01: goes from the inbox to a verified receipt, and every number arrives', async () => {
    site = await (await Site.create({ analysis: true })).start();
    site.drop(porcineExport!, 'Export_Study-1-11_25_2021-15-01-32');
    const { exported, study } = await journey(site);

    assert.deepEqual(
      study.maps.map((map) => map.mesh && map.mesh.positionsMm.length / 3),
      [3513, 3513, 2916, 2083],
    );
    assert.deepEqual(
      study.maps.map((map) => map.mesh && map.mesh.triangles.length / 3),
      [7022, 7022, 5828, 4162],
    );
    assert.equal(countsOf(study).points, 2);
    const indices = study.visiTag!.sites.map((lesion) => lesion.rfIndex!);
    assert.equal(indices.length, 22);
    assert.equal(indices[0], 196.974);
    assert.equal(Math.max(...indices), 493.747);
    compareMeshes(exported);
    compareTables(exported);
  });
});

/** Meshes in the order of the study XML: every token from the vertices on is the source's. */
function compareMeshes(exported: string): void {
  const sources = meshesInOrder(porcineExport!);
  const results = meshesInOrder(exported);
  assert.equal(results.length, 4);
  for (const [at, source] of sources.entries()) {
    const expected = numbersOf(join(porcineExport!, source), /\[VerticesSection\]/);
    assert.deepEqual(numbersOf(join(exported, results[at]!), /\[VerticesSection\]/), expected, source);
    assert.ok(expected.length > 10_000);
  }
}

function meshesInOrder(folder: string): string[] {
  const xml = readdirSync(folder).find((name) =>
    /^<Study /.test(readFileSync(join(folder, name), 'latin1').slice(0, 7)),
  );
  return [...readFileSync(join(folder, xml!), 'latin1').matchAll(/FileNames="([^"]+\.mesh)"/g)].map(
    (match) => match[1]!,
  );
}

/** VisiTag tables: every cell is the source's, to the last digit, but for the session counter, which is mapped one to one. */
function compareTables(exported: string): void {
  const names = ['Sites', 'AblationSites', 'VisiTagSessions', 'AblationData', 'ContactForceData', 'Grids'];
  const sessions = new Map<string, string>();
  for (const name of names) {
    const [source, result] = [porcineExport!, exported].map((folder) =>
      rowsOf(join(folder, 'VisiTagExport', `${name}.txt`)),
    );
    assert.equal(result!.length, source!.length, name);
    const mapped = source![0]!.map((column) => /^Session/.test(column));
    const free = source![0]!.map((column) => /^(PresetName|PresetId|Comment)$/.test(column));
    for (const [at, row] of source!.entries()) {
      for (const [column, cell] of row.entries()) {
        const found = result![at]![column];
        if (at > 0 && mapped[column])
          assert.equal(found, sessions.get(cell) ?? sessions.set(cell, found!).get(cell), name);
        else if (at === 0 || !free[column]) assert.equal(found, cell, `${name} row ${at} column ${column}`);
      }
    }
  }
  assert.equal(sessions.size, 22);
  assert.equal(new Set(sessions.values()).size, 22);
}

function rowsOf(file: string): string[][] {
  return readFileSync(file, 'latin1')
    .trimEnd()
    .split('\r\n')
    .map((line) => line.trim().split(/\s+/));
}

async function itemsOf(site: Site): Promise<unknown[]> {
  return JSON.parse(
    (await expectDone(site.cloud('items', 'list', '--kind', 'findings', '--json'))).stdout,
  ) as unknown[];
}

describe('the bundled case', () => {
  let site: Site | undefined;
  after(() => site?.close());

  test('JOURNEY-02: takes the same path', async () => {
    site = await (await Site.create({ analysis: true })).start();
    const source = await site.simulate(1, 4);
    const { study } = await journey(site);
    const original = await readStudy(await openFolder(source, passAlways), passAlways);
    assert.deepEqual(countsOf(study), countsOf(original));
    assert.deepEqual(
      study.maps.map((map) => map.mesh?.positionsMm),
      original.maps.map((map) => map.mesh?.positionsMm),
    );
    assert.deepEqual(
      study.visiTag?.sites.map((one) => one.rfIndex),
      original.visiTag?.sites.map((one) => one.rfIndex),
    );
  });

  test('JOURNEY-04: what the analysis found arrives too, under the case’s code, and says what it is not', async () => {
    const { caseId } = (await site!.cloudCases())[0]!;
    await until(async () => (await itemsOf(site!)).length > 0, 'the findings at the receiver', 60_000);
    const to = join(site!.data, 'findings.jsonl');
    await expectDone(site!.cloud('items', 'export', '--kind', 'findings', '--to', to));
    const [line] = readFileSync(to, 'utf8').trim().split('\n');
    const { body } = z.object({ body: z.unknown() }).parse(JSON.parse(line!));
    const found = caseFindingsSchema.parse(typeof body === 'string' ? JSON.parse(body) : body);
    assert.equal(found.caseId, caseId);
    assert.ok('findings' in found && found.findings.lesions && found.findings.voltage && found.findings.regions);
    assert.equal(found.findings.notice, notForDiagnosis);
  });

  test('JOURNEY-03: verify names an archive whose stored bytes have changed, with exit code 1', async () => {
    const archive = (await site!.cloudCases())[0]!.archives[0]!;
    const store = join(site!.data, 'cloud', 'receiver', 'objects');
    const object = readdirSync(store, { recursive: true, withFileTypes: true }).find(({ name }) =>
      name.includes(archive.sha256),
    )!;
    const path = join(object.parentPath, object.name);
    const bytes = readFileSync(path);
    bytes[bytes.length >> 1]! ^= 1;
    chmodSync(path, 0o600);
    writeFileSync(path, bytes);
    const { code, stdout } = await site!.cloud('verify');
    assert.equal(code, 1);
    assert.match(stdout, new RegExp(archive.archiveId));
    assert.equal(
      (await site!.cloud('cases', 'export', (await site!.cloudCases())[0]!.caseId, '--to', join(site!.data, 'again')))
        .code,
      archive.tier === 'study' ? 1 : 0,
    );
  });
});
