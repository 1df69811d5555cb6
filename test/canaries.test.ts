import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, test } from 'node:test';
import { extractArchive, openArchive } from '../archive/index.ts';
import { simulateStudy } from '../carto/index.ts';
import { cloudFoldersOf } from '../cloud/folders.ts';
import { readReceiverSettings } from '../cloud/init.ts';
import { openCatalogueReader } from '../receiver/index.ts';
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

/** Opens every archive that the receiver stores and writes its files out. Returns how many archives there were. */
async function openEverything(site: Site, to: string): Promise<number> {
  const folders = cloudFoldersOf(site.data);
  const { kid, ...privateKey } = readReceiverSettings(folders).keys.transit;
  const catalogue = openCatalogueReader(folders.receiver);
  const archives = await catalogue.archives();
  for (const archive of archives) {
    const object = findObject(folders.receiver, archive.sha256);
    const reader = await openArchive(object, { kid, privateKey }, archive.keys);
    const target = join(to, archive.archiveId);
    mkdirSync(target, { recursive: true });
    await extractArchive(reader, target);
    reader.close();
  }
  catalogue.close();
  return archives.length;
}

function findObject(receiver: string, sha256: string): string {
  const found = readdirSync(receiver, { recursive: true, withFileTypes: true }).find(
    (entry) => entry.isFile() && entry.name.includes(sha256),
  );
  assert.ok(found, 'the object is in the store');
  return join(found.parentPath, found.name);
}

/** Everything that left the appliance, or could: the cloud's folder, opened archives, and the appliance's own folder but for its inbox. */
async function searchEverywhere(site: Site): Promise<Hit[]> {
  const opened = join(site.data, 'opened');
  assert.equal(await openEverything(site, opened), 2);
  const appliance = readdirSync(join(site.data, 'appliance')).filter(
    (name) => name !== 'inbox' && name !== 'control.sock',
  );
  const milestones = Buffer.from(
    JSON.stringify([site.appliance.lines, site.appliance.errors, site.hub.lines, site.receiver.lines]),
  );
  return [
    ...search.inFolder(join(site.data, 'cloud')),
    ...search.inFolder(opened),
    ...appliance.flatMap((name) => searchPath(join(site.data, 'appliance'), name)),
    ...search.inBytes(milestones, 'milestones'),
  ];
}

function searchPath(parent: string, name: string): Hit[] {
  const entry = readdirSync(parent, { withFileTypes: true }).find((one) => one.name === name);
  if (entry?.isDirectory()) return search.inFolder(join(parent, name));
  return search.inBytes(readFileSync(join(parent, name)), name);
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
const withoutScan: Mutation = { file: 'carto/pseudonymise/pseudonymise.ts', from: 'scan: true', to: 'scan: false' };

describe('identifier canaries', () => {
  let site: Site | undefined;
  after(() => site?.close());

  test('LEAK-01: a simulated export full of identifiers arrives with none of them anywhere', async () => {
    const source = await plantedSimulation();
    assertPlantsFound(source);
    site = await travel(source);
    await site.reached('delivered');
    assert.deepEqual(await searchEverywhere(site), []);
    await site.close();
  });

  test('LEAK-02: so does the porcine export renamed', withSamples, async () => {
    const source = plantedSample();
    assertPlantsFound(source);
    site = await travel(source);
    await site.reached('delivered');
    assert.deepEqual(await searchEverywhere(site), []);
    await site.close();
  });

  test('LEAK-03: a build with one rule and the scan switched off leaks, and the search finds it in the opened archives', async () => {
    const mutant = mutantAppliance([withoutStudyRule, withoutScan]);
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
