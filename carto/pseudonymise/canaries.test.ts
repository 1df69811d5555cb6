import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { passAlways } from '../../core/gate-flag.ts';
import { CartoError } from '../error.ts';
import { openFolder } from '../folder.ts';
import type { Source } from '../source.ts';
import { bytesOf, canaries, findCanaries } from '../testing/canaries.ts';
import { collect, memorySource } from '../testing/memory-source.ts';
import { porcineFolder, porcineSource, withSamples } from '../testing/samples.ts';
import { testSite } from '../testing/test-site.ts';
import { tinyExport } from '../testing/tiny-export.ts';
import { pseudonymise } from './pseudonymise.ts';
import type { Rules } from './rule.ts';
import { rules } from './rules.ts';
import { transform } from './transform.ts';

const { family, given, record, birth, phone } = canaries;

/** A made-up export with a canary in every place where staff types, and in places where nobody should. */
function plantedTiny(): Record<string, string | Buffer> {
  const first = `1-${family}, ${given}`;
  const files = tinyExport({
    study: `${family} ${record} ${birth} 01_02_2020 10-11-12`,
    first,
    second: `2-LA ${phone}`,
    shell: `CT ${given} ${birth}.mesh`,
    shortTag: given,
    fullTag: `${family} ${record}`,
    preset: family,
    comment: `call  ${phone}`,
  });
  const edit = (path: string, from: string, to: string) => {
    const text = files[path]!.toString('latin1');
    assert.ok(text.includes(from), path);
    files[path] = Buffer.from(text.replace(from, to), 'latin1');
  };
  edit(`${first}.mesh`, 'MeshName               = ', `MeshName               = ${family}`);
  edit(`${first}.mesh`, '; Biosense Webster', `; ${given}\r\n; Biosense Webster`);
  edit(`${first}.mesh`, '[VerticesSection]', `[Patient]\r\n${family} ${record}\r\n\r\n[VerticesSection]`);
  edit(`${first}_P1_ECG_Export.txt`, 'Unipolar Mapping', `Operator ${family}\r\nUnipolar Mapping`);
  edit(`${first}_P1_ECG_Export.txt`, 'M1-M2(92)', `${family}(92)`);
  edit(
    `${first}_P1_Point_Export.xml`,
    '<WOI ',
    `<Patient Name="${family}">${record}</Patient><WOI Operator="${given}" `,
  );
  edit(`${first}_P1_Point_Export.xml`, 'Connector CS_CONNECTOR', `Connector ${family}_CONNECTOR`);
  edit('VisiTagExport/VisiTagSettings.txt', 'nobody', family.padStart(6));
  edit('VisiTagExport/Sites.txt', '  Session', `  ${family}  Session`);
  edit('VisiTagExport/Sites.txt', ' 9300', ` ${record} 9300`);
  return {
    ...files,
    [`${family}.pdf`]: `${given} ${birth}`,
    [`PaSoExport/${given}.txt`]: record,
    'VisiTagExport/Sites_PFA.txt': family,
  };
}

async function output(source: Source, by: Rules = rules, scan = true): Promise<Record<string, Buffer>> {
  return collect((await transform(source, passAlways, { ...testSite, rules: by, scan })).files);
}

const isSuspected = (error: unknown) => error instanceof CartoError && error.code === 'PHI_SUSPECTED';

test('no canary is in any name or byte of the output; the same search finds them all in the input', async () => {
  const planted = plantedTiny();
  assert.deepEqual(findCanaries(bytesOf(planted)).toSorted(), [family, given, record, birth, phone].toSorted());
  const { files } = await pseudonymise(memorySource(planted, { name: `Export_${family}` }), passAlways, testSite);
  const written = await collect(files);
  assert.deepEqual(findCanaries(bytesOf(written)), []);
  assert.equal(Object.keys(written).length, Object.keys(tinyExport()).length);
});

const anything = { name: 'anything', allows: () => true };

/** Single rules that keep what they should not, each with what leaks by it. */
const switchedOff: readonly [kind: string, field: string][] = [
  ['file-name', 'map'],
  ['file-name', 'shell'],
  ['file-name', 'study'],
  ['study', 'Study@name'],
  ['study', 'Tag@Short_Name'],
  ['study', 'Tag@Full_Name'],
  ['study', 'Map@Name'],
  ['study', 'Map@FileNames'],
  ['study', 'Mesh@FileName'],
  ['points-index', 'Points@Map_Name'],
  ['points-index', 'Point@File_Name'],
  ['point', 'ECG@FileName'],
  ['point', 'Connector@*'],
  ['mesh', 'MeshName'],
  ['car', 'map'],
  ['contact-force', 'map'],
  ['ecg', 'channel'],
  ['visitag-sessions', 'PresetName'],
  ['visitag-sessions', 'Comment'],
  ['visitag-presets', 'PresetName'],
];

/** Fields that the table does not name, let through. */
const letThrough: readonly [kind: string, field: string][] = [
  ['point', 'Patient@Name'],
  ['point', 'WOI@Operator'],
  ['visitag-settings', 'Operator'],
];

function without(kind: string, field: string): Rules {
  return { ...rules, [kind]: { ...rules[kind], [field]: { do: 'keep', as: anything } } };
}

for (const [kind, field] of [...switchedOff, ...letThrough]) {
  test(`with the rule of ${kind} ${field} off, the scan holds the case; with the scan off too, the search finds the leak`, async () => {
    const source = memorySource(plantedTiny());
    await assert.rejects(output(source, without(kind, field)), isSuspected);
    assert.notDeepEqual(findCanaries(bytesOf(await output(source, without(kind, field), false))), []);
  });
}

for (const [kind, field] of [
  ['points-index', 'Points@Date'],
  ['point', 'Point@Time'],
  ['contact-force', 'Date='],
] as const) {
  test(`with the rule of ${kind} ${field} off, the scan holds the case for the date`, async () => {
    await assert.rejects(output(memorySource(tinyExport()), without(kind, field)), (error) => {
      return isSuspected(error) && /rule date/.test((error as Error).message);
    });
  });
}

test('a record number that stands in a numeric column is found by the scan', async () => {
  const files = tinyExport({ comment: `record ${record}` });
  const path = 'VisiTagExport/AblationData.txt';
  files[path] = files[path]!.toString().replace('700200', record);
  await assert.rejects(output(memorySource(files)), isSuspected);
});

/** Two channels of the ECG have labels of their own; the second one is free text. */
function labelled(label: string): Record<string, string | Buffer> {
  const files = tinyExport();
  const path = '1-LA2_ECG_Export_650000.txt';
  files[path] = files[path]!.toString().replace('RV Probe', label);
  return files;
}

const typedNumber: readonly (readonly [field: string, files: (text: string) => Record<string, string | Buffer>])[] = [
  ...(['study', 'first', 'second', 'shell', 'shortTag', 'fullTag', 'preset', 'comment'] as const).map(
    (field) => [field, (text: string) => tinyExport({ [field]: field === 'shell' ? `${text}.mesh` : text })] as const,
  ),
  ['channel', labelled],
];

for (const [field, planted] of typedNumber) {
  test(`a number typed as ${field} is found in a column of whatever file, before that file is handed over`, async () => {
    for (const [typed, digits] of [
      [`MRN ${record}`, record],
      ['123-45-6789', '123456789'],
      ['17.4.53', '19530417'],
      ['Apr 17 1953', '19530417'],
    ] as const) {
      const files = planted(typed);
      const path = Object.keys(files).find((name) => /^ContactForceInRF/.test(name))!;
      files[path] = files[path]!.toString().replace('700100', digits);
      await assert.rejects(output(memorySource(files)), isSuspected, typed);
    }
  });
}

/** The porcine export under other names. */
async function plantedSample(): Promise<Record<string, Buffer>> {
  const renamed: [from: string, to: string][] = [
    ['Study 1 ', `${family} ${given} ${record} `],
    ['1-1-ReMap', `1-1-${birth} ReMap`],
    ['1-Map', `1-${given}`],
    ['2-Map', `2-LA ${family}_${record}`],
    ['3-Map', `3-${phone}`],
    ['Full_Name="Scar"', `Full_Name="${family} scar"`],
  ];
  const rename = (text: string) => renamed.reduce((now, [from, to]) => now.replaceAll(from, to), text);
  const files: Record<string, Buffer> = {};
  for (const { path } of (await porcineSource()).files) {
    const text = rename(readFileSync(join(porcineFolder, path), 'latin1'));
    const isSessions = path.endsWith('VisiTagSessions.txt');
    files[rename(path)] = Buffer.from(isSessions ? text.replaceAll(/NA {19}/g, `  dob ${birth}`) : text, 'latin1');
  }
  return files;
}

function writeTo(folder: string, files: Readonly<Record<string, Buffer>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}

test('porcine sample under planted names, on disk: nothing leaks', withSamples, async () => {
  const planted = await plantedSample();
  assert.deepEqual(findCanaries(bytesOf(planted)).toSorted(), [family, given, record, birth, phone].toSorted());
  const folder = mkdtempSync(join(tmpdir(), 'carto-canaries-'));
  try {
    writeTo(folder, planted);
    const study = await pseudonymise(await openFolder(folder, passAlways), passAlways, testSite);
    assert.deepEqual(study.counts, { maps: 4, points: 2, lesions: 22 });
    const written = await collect(study.files);
    assert.deepEqual(findCanaries(bytesOf(written)), []);
    assert.equal(Object.keys(written).length, 107);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
