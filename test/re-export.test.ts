import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { after, describe, test } from 'node:test';
import {
  type Linkage,
  openFolder,
  type PseudonymisedStudy,
  pseudonymise,
  type SimulateOptions,
  simulateStudy,
} from '../carto/index.ts';
import { KeyFolder, openLocalKeys } from '../certs/index.ts';
import { cloudFoldersOf } from '../cloud/folders.ts';
import { openText } from '../core/boxed-text.ts';
import { sha256 } from '../core/digest.ts';
import { passAlways } from '../core/gate-flag.ts';
import type { LocalExport } from '../protocol/control.ts';
import type { ApplianceCase } from '../protocol/documents.ts';
import { findObject } from './harness/everything.ts';
import { expectDone, Site } from './harness/site.ts';
import { until } from './harness/until.ts';

/** At this size what is sent in any case (mesh, study file, index) is much of the whole; `scripts/bench re-export` takes a clinical one. */
const study = { seed: 20_263, points: 12 };
const mostOfFirst = 0.35;

const archiveOf = (one: ApplianceCase | undefined, tier: 'review' | 'study') =>
  one?.archives.find((archive) => archive.tier === tier);

/** Digests of all files below a folder, by name. */
function digestsIn(folder: string): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map(({ parentPath, name }) => join(parentPath, name));
  return new Map(paths.sort().map((path) => [relative(folder, path), sha256(readFileSync(path))]));
}

const namesIn = (folder: string) => readdirSync(folder).toSorted();

/** Digests of a study tier as one whole export would have it. */
async function digestsOf({ files }: PseudonymisedStudy): Promise<Map<string, string>> {
  const digests: [string, string][] = [];
  for (const file of files.filter(({ tiers }) => tiers.includes('study'))) {
    const hash = createHash('sha256');
    for await (const piece of file.open()) hash.update(piece);
    digests.push([file.name, hash.digest('hex')]);
  }
  return new Map(digests.sort(([one], [other]) => (one < other ? -1 : 1)));
}

describe('a study that is exported again', () => {
  let site: Site;
  after(() => site?.close());

  /** Drops an export of the study: `ordinal` gives it another stamp, `names` another name. */
  const drop = (change: Partial<SimulateOptions> = {}) =>
    simulateStudy({ ...study, ...change, folder: site.inbox, atomic: true });

  async function exported(one: ApplianceCase): Promise<Map<string, string>> {
    const to = join(site.data, `exported-${one.caseId}`);
    await expectDone(site.cloud('cases', 'export', one.caseId, '--to', to, '--json'));
    return digestsIn(to);
  }

  const newest = async () => (await site.cases()).at(-1)!;

  test('REEXPORT-01: is recognised across a kill -9, sends what changed, and arrives whole, byte for byte', async (t) => {
    site = await (await Site.create()).start();
    await drop();
    const [first] = await site.reached('delivered', 1, 240_000);
    assert.ok(first);
    const before = await exported(first);

    await site.appliance.kill9();
    const again = await drop({ exportOrdinal: 1, extraPoints: 1, meshEdits: 3, names: { study: 'Another name' } });
    await site.startAppliance();
    await site.reached('delivered', 2, 240_000);
    const second = await newest();
    assert.equal(second.studyId, first.studyId);
    const [whole, delta] = [archiveOf(first, 'study'), archiveOf(second, 'study')];
    assert.equal(whole?.base, undefined);
    assert.equal(delta?.base, whole?.archiveId);
    assert.equal(archiveOf(second, 'review')?.base, undefined);
    t.diagnostic(`study tier: ${delta?.bytes} of ${whole?.bytes} bytes, ${(100 * delta!.bytes) / whole!.bytes} %`);
    assert.ok(delta!.bytes <= mostOfFirst * whole!.bytes);

    const now = await exported(second);
    const changed = [...now].filter(([name, digest]) => before.get(name) !== digest).map(([name]) => name);
    const kept = changed
      .filter((name) => before.has(name))
      .map((name) => name.replace(/^.*?(_car|_Points|\.mesh|\.xml)/, '$1'));
    assert.deepEqual(kept.toSorted(), ['.mesh', '.xml', '_Points_Export.xml', '_car.txt'], changed.join());
    const cloud = (await site.cloudCases()).find(({ caseId }) => caseId === second.caseId);
    const stored = cloud?.archives.find(({ tier }) => tier === 'study');
    assert.equal(stored?.base, whole?.archiveId);
    assert.equal(stored?.files, changed.length);
    assert.deepEqual(await exportedAgain(first), before, 'the older case still gives the older state');

    const keys = await openLocalKeys(await KeyFolder.open(join(site.data, 'appliance', 'keys')));
    const { linkageSealed } = site.ledger((read) => read.studyOf(second.caseId))!;
    const linkage = JSON.parse(openText(linkageSealed!, keys.storage.secret)) as Linkage;
    const source = await openFolder(again.folder, passAlways);
    const privacy = { profile: 'pseudonymised', siteKey: keys.linkage } as const;
    assert.deepEqual(await digestsOf(await pseudonymise(source, passAlways, { ...privacy, linkage })), now);
    const elsewhere = await pseudonymise(source, passAlways, { ...privacy, siteKey: randomBytes(32) });
    const points = elsewhere.files.map(({ name }) => name).filter((name) => name.endsWith('_Point_Export.xml'));
    assert.equal(points.length, study.points + 1);
    assert.ok(points.every((name) => !now.has(name)));
    assert.equal((await site.cloud('verify')).code, 0);
  });

  async function exportedAgain(one: ApplianceCase): Promise<Map<string, string>> {
    rmSync(join(site.data, `exported-${one.caseId}`), { recursive: true });
    return exported(one);
  }

  test('EXPORT-01: the appliance gives out what the receiver gives out, into a new folder alone, and not while the gate is closed', async () => {
    const [one, other] = [(await site.cases())[0]!, await newest()];
    const before = namesIn(join(site.data, 'appliance', 'cases'));
    const taken = async (caseId: string, name: string, ...more: readonly string[]) => {
      const there = namesIn(site.data);
      const { stdout } = await expectDone(
        site.vestibule('cases', 'export', caseId, ...toFolder(name), ...more, '--json'),
      );
      assert.deepEqual(namesIn(site.data), [...there, name].toSorted(), 'nothing beside it');
      const found = digestsIn(join(site.data, name));
      const { files, tiers } = JSON.parse(stdout) as LocalExport;
      return { found, files, tiers };
    };
    const toFolder = (name: string) => ['--to', join(site.data, name)];

    for (const [at, each] of [one, other].entries()) {
      const { found, files, tiers } = await taken(each.caseId, `local-${at}`);
      assert.deepEqual(found, digestsIn(join(site.data, `exported-${each.caseId}`)));
      assert.deepEqual([files, tiers], [found.size, ['study']]);
    }
    const { found } = await taken(other.caseId, 'local-sealed', '--sealed');
    const { storage } = await openLocalKeys(await KeyFolder.open(join(site.data, 'appliance', 'keys')));
    for (const { archiveId, sha256: sealed } of other.archives) {
      const [name] = [...found].find(([, digest]) => digest === sealed) ?? [];
      assert.ok(name, `the very bytes of ${archiveId}`);
      const keys = readFileSync(join(site.data, 'local-sealed', name.replace(/case$/, 'keys')), 'utf8');
      assert.ok(keys.includes('"kid"') && !keys.includes(storage.kid), 'with keys for everybody but the appliance');
    }
    assert.equal(found.size, 2 * other.archives.length);

    for (const folder of ['local-0', 'appliance/inbox/there', 'none/there']) {
      const refused = await site.vestibule('cases', 'export', one.caseId, ...toFolder(folder), '--json');
      assert.equal(refused.code, 1, `${folder}: ${refused.stdout}`);
      assert.match(refused.stderr + refused.stdout, /folder/);
    }
    await expectDone(site.vestibule('procedure', 'start', '--reason', 'test'));
    const closed = await site.vestibule('cases', 'export', one.caseId, ...toFolder('local-later'), '--json');
    assert.equal(closed.code, 3, closed.stderr);
    assert.ok(!namesIn(site.data).includes('local-later'));
    await expectDone(site.vestibule('procedure', 'stop'));
    const isThere = () => namesIn(site.data).includes('local-later') && digestsIn(join(site.data, 'local-later'));
    await until(
      () => {
        const there = isThere();
        return there && there.size === digestsIn(join(site.data, 'local-0')).size;
      },
      'the export',
      60_000,
    );
    assert.deepEqual(namesIn(join(site.data, 'appliance', 'cases')), before);
  });

  test('REEXPORT-02: when the receiver has lost the base, the case is held, the cloud names it, and the next is whole', async () => {
    const base = archiveOf((await site.cases())[0], 'study')!;
    rmSync(findObject(cloudFoldersOf(site.data).receiver, base.sha256));
    await drop({ exportOrdinal: 2 });
    const [held] = await site.reached('held', 1, 240_000);
    assert.equal(held?.reason, 'refused-by-receiver');
    assert.match(held?.hint ?? '', /BASE_MISSING/);
    const { code, stdout } = await site.cloud('verify', '--json');
    assert.equal(code, 1);
    assert.match(stdout, /BASE_MISSING/);

    await drop({ exportOrdinal: 3 });
    await site.reached('delivered', 3, 240_000);
    const last = await newest();
    assert.equal(last.studyId, held?.studyId);
    assert.equal(archiveOf(last, 'study')?.base, undefined);
    assert.ok((await exported(last)).size > study.points);
  });
});
