import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, test } from 'node:test';
import { simulateStudy } from '../carto/index.ts';
import { everything, openEverything } from './harness/everything.ts';
import { type Mutation, mutantAppliance } from './harness/mutant.ts';
import { porcineExport, withSamples } from './harness/samples.ts';
import { type Hit, IdentifierSearch } from './harness/search.ts';
import { expectDone, Site } from './harness/site.ts';
import { until } from './harness/until.ts';

const canaries = [
  'Mustermann',
  'Edeltraud',
  '4711081512',
  '1953-04-17',
  '17.04.1953',
  '17041953',
  '0711-9876543',
  '07119876543',
];
const search = new IdentifierSearch(canaries);

const planted = {
  study: 'Mustermann Edeltraud 4711081512',
  maps: ['1-LA Mustermann 17.04.1953', '2-Edeltraud Tel 0711-9876543'],
  comment: 'Pat. Mustermann geb 17.04.1953 Tel 0711-9876543 Nr 4711081512',
  siteTag: 'Gap Mustermann',
  presetName: 'Edeltraud',
};

const folder = mkdtempSync(join(tmpdir(), 'vestibule-canaries-'));
after(() => rmSync(folder, { recursive: true }));

/** A simulated export with names where staff type. */
async function plantedSimulation(): Promise<string> {
  const names = {
    ...planted,
    meshName: 'Mustermann LA',
    shell: 'CT Mustermann 17041953',
    unknownFile: 'Letter Mustermann 4711081512.txt',
  };
  return (await simulateStudy({ folder: join(folder, 'simulated'), seed: 71, points: 3, names })).folder;
}

/** The porcine export, renamed in names and contents as the hospital of this test would have named it. */
function plantedSample(): string {
  const target = join(folder, 'sample', `Export_${planted.study.replaceAll(' ', '-')}-11_25_2021-15-01-32`);
  mkdirSync(dirname(target), { recursive: true });
  cpSync(porcineExport!, target, { recursive: true });
  const rename = (text: string) =>
    text
      .replaceAll('Study 1', planted.study)
      .replaceAll('1-1-ReMap', '1-1-Edeltraud')
      .replaceAll('1-Map', '1-LA Mustermann 17.04.1953')
      .replaceAll('2-Map', '2-Edeltraud Tel 0711-9876543')
      .replaceAll('Full_Name="Ablation"', 'Full_Name="Mustermann 4711081512"')
      .replace(/ {30}NA(?= )/g, ' Pat. Mustermann, 0711-9876543');
  for (const entry of readdirSync(target, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    writeFileSync(path, rename(readFileSync(path, 'latin1')), 'latin1');
    renameSync(path, join(entry.parentPath, rename(entry.name)));
  }
  return target;
}

async function searchEverywhere(site: Site): Promise<Hit[]> {
  const opened = join(site.data, 'opened');
  assert.equal(await openEverything(site, opened), 2);
  const hits: Hit[] = [];
  for await (const { where, bytes } of everything(site, opened)) hits.push(...search.inBytes(bytes, where));
  return hits;
}

/** Where the input has its plants: proof that the search would see them. */
function assertPlantsFound(source: string): void {
  const hits = search.inFolder(source);
  for (const canary of ['Mustermann', 'Edeltraud', '4711081512', '17.04.1953', '0711-9876543']) {
    assert.ok(
      hits.some((hit) => hit.canary === canary),
      `${canary} is planted`,
    );
  }
  assert.ok(
    hits.some((hit) => hit.where.startsWith('name of')),
    'and in names',
  );
}

/** Data keys of the archives in a folder as they are wrapped for each reader. */
function wrappedKeysIn(folder: string): string[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.keys'));
  return names.flatMap((name) =>
    [...readFileSync(join(folder, name), 'utf8').matchAll(/"encrypted_key": ?"([^"]+)"/g)].map(([, key]) => key ?? ''),
  );
}

async function travel(source: string, options: { applianceMain?: string } = {}): Promise<Site> {
  const site = await (await Site.create(options)).start();
  site.drop(source, `Export_${planted.study}`);
  return site;
}

const withoutStudyRule: Mutation = {
  file: 'carto/pseudonymise/rules.ts',
  from: `'Study@name':                           code('study'),`,
  to: `'Study@name': keep({ name: 'anything', allows: () => true }),`,
};
/** Both threads look through what they write: the scan itself has to be blind. */
const withoutScan: Mutation = {
  file: 'carto/pseudonymise/scan.ts',
  from: '#hit(rule: ScanRule): never {',
  to: '#hit(rule: ScanRule): void { if (this.#line >= 0) return;',
};

describe('identifier canaries', () => {
  let site: Site | undefined;
  after(() => site?.close());

  test('LEAK-01: a simulated export full of identifiers arrives with none of them anywhere', async () => {
    const source = await plantedSimulation();
    assertPlantsFound(source);
    await site?.close();
    site = await travel(source);
    await site.reached('delivered');
    assert.deepEqual(await searchEverywhere(site), []);
  });

  test('LEAK-05: once the case is released, neither they nor what its keys were wrapped in are in the raw data folder', async () => {
    assert.ok(site);
    const appliance = join(site.data, 'appliance');
    const wrapped = new IdentifierSearch(wrappedKeysIn(join(appliance, 'cases')));
    assert.ok(wrapped.inFolder(appliance).length > 0, 'before, the search finds it');
    await site.appliance.stop();
    site.configure((config) => {
      config.storage = { ...config.storage, keepDeliveredDays: 0 };
    });
    await site.startAppliance();
    await site.reached('released');
    await until(() => wrapped.inFolder(appliance).length === 0, 'the last trace to be gone', 60_000);
    assert.deepEqual(readdirSync(join(appliance, 'cases')), []);
    assert.deepEqual(await searchEverywhere(site), []);
    await site.close();
  });

  test('LEAK-02: so does the porcine export renamed', withSamples, async () => {
    const source = plantedSample();
    assertPlantsFound(source);
    await site?.close();
    site = await travel(source);
    await site.reached('delivered');
    assert.deepEqual(await searchEverywhere(site), []);
    await site.close();
  });

  test('LEAK-03: a build with one rule and the scan switched off leaks, and the search finds it in the opened archives', async () => {
    const mutant = mutantAppliance([withoutStudyRule, withoutScan]);
    await site?.close();
    site = await travel(await plantedSimulationAgain(), { applianceMain: mutant.main });
    await site.reached('delivered');
    const hits = await searchEverywhere(site);
    assert.ok(hits.some((hit) => hit.canary === 'Mustermann'));
    assert.ok(hits.some((hit) => hit.canary === '4711081512'));
    assert.ok(
      hits.every((hit) => !hit.where.endsWith('.case')),
      'only what was opened shows it',
    );
    await site.close();
    mutant.remove();
  });

  test('LEAK-04: with the rule off and the scan on, the case is held as phi-suspected and nothing leaves', async () => {
    const mutant = mutantAppliance([withoutStudyRule]);
    await site?.close();
    site = await travel(await plantedSimulationAgain(), { applianceMain: mutant.main });
    const [held] = await site.reached('held');
    assert.equal(held?.reason, 'phi-suspected');
    assert.deepEqual(held?.archives, []);
    assert.deepEqual(await site.cloudCases(), []);
    assert.deepEqual(search.inFolder(join(site.data, 'cloud')), []);
    assert.deepEqual(readdirSync(join(site.data, 'appliance', 'cases')), []);
    await expectDone(site.vestibule('cases', 'show', held!.caseId));
    await until(() => site?.appliance.lines.some((line) => line.event === 'case-held'), 'the milestone');
    await site.close();
    mutant.remove();
  });
});

async function plantedSimulationAgain(): Promise<string> {
  const existing = join(folder, 'simulated');
  return join(existing, readdirSync(existing).find((name) => name.startsWith('Export_'))!);
}
