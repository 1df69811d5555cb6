import assert from 'node:assert/strict';
import { test } from 'node:test';
import { passAlways } from '../../core/gate-flag.ts';
import { CartoError } from '../error.ts';
import { readStudy } from '../read/read-study.ts';
import { collect, type MemoryFiles, memorySource } from '../testing/memory-source.ts';
import { testSite } from '../testing/test-site.ts';
import { tetrahedron, tinyExport, tinyNames } from '../testing/tiny-export.ts';
import { rules } from './rules.ts';
import type { Scheme } from './scheme.ts';
import { transform } from './transform.ts';

/** Codes that say where they come from: the kind, without vowels, and how many of it there were before. */
function fixedCodes(): Scheme['letters'] {
  const drawn = new Map<string, number>();
  return (kind) => {
    const at = drawn.get(kind) ?? 0;
    drawn.set(kind, at + 1);
    return `${kind.replaceAll(/[aeiou]/g, 'x')}${'bcdfghjk'.at(at)}`;
  };
}

function transformed(files: MemoryFiles, pieceBytes = 1 << 18) {
  const options = { ...testSite, rules, scan: true, letters: fixedCodes() };
  return transform(memorySource(files, { pieceBytes }), passAlways, options);
}

async function write(files: MemoryFiles, pieceBytes = 1 << 18): Promise<Record<string, string>> {
  const written = await collect((await transformed(files, pieceBytes)).files);
  return Object.fromEntries(Object.entries(written).map(([name, content]) => [name, content.toString('latin1')]));
}

const input = tinyExport();
const output = await write(input);
const [first, second] = ['Map-mxpb', 'Map-mxpc'];
const textOf = (path: string) => input[path]!.toString('latin1');

const failsAs = (code: string, kind: string | undefined) => (error: unknown) => {
  assert.ok(error instanceof CartoError, String(error));
  assert.deepEqual([error.code, error.kind], [code, kind]);
  assert.ok(error.hint);
  return true;
};

test('names: study, maps, surfaces, connectors, in file names and nowhere else', () => {
  assert.deepEqual(
    Object.keys(output)
      .filter((name) => !name.startsWith('VisiTag'))
      .toSorted(),
    [
      `ContactForceInRF_${first}_1.txt`,
      `${first}.mesh`,
      `${first}_P1_CS_CONNECTOR_Eleclectrode_Positions.txt`,
      `${first}_P1_ContactForce.txt`,
      `${first}_P1_ECG_Export.txt`,
      `${first}_P1_Point_Export.xml`,
      `${first}_Points_Export.xml`,
      `${first}_car.txt`,
      `${second}.mesh`,
      `${second}_ECG_Export_650000.txt`,
      `${second}_P7_Point_Export.xml`,
      `${second}_Points_Export.xml`,
      `${second}_car.txt`,
      `RF_${first}_1.txt`,
      'Shell-shxllb.mesh',
      'Study-stxdyb.xml',
    ].toSorted(),
  );
});

test('the study XML: coded names, mapped counters, numbers and layout as they were', () => {
  const expected = textOf(`${tinyNames.study}.xml`)
    .replace(tinyNames.study, 'Study-stxdyb')
    .replaceAll('"1-LA"', `"${first}"`)
    .replaceAll('"1-LA.mesh"', `"${first}.mesh"`)
    .replaceAll('"1-LA2"', `"${second}"`)
    .replaceAll('"1-LA2.mesh"', `"${second}.mesh"`)
    .replace('"ct.mesh"', '"Shell-shxllb.mesh"')
    .replace('"GP"', '"Tag-txgb"')
    .replace('"Ganglion"', '"Tag-txgc"')
    .replace('"8101"', '"1"')
    .replace('"8102"', '"2"')
    .replaceAll('"7001"', '"1"')
    .replace('<ExternalObjs PatientIcon="PatientIcon.obj" />', '')
    .replace(' ISName="ISNameInit"', '');
  assert.equal(output['Study-stxdyb.xml'], Buffer.from(expected).toString('latin1'));
});

test('meshes and other proved bodies go on byte for byte', () => {
  assert.equal(output[`${first}.mesh`], textOf('1-LA.mesh'));
  assert.equal(output[`${first}_P1_ECG_Export.txt`], textOf('1-LA_P1_ECG_Export.txt'));
  assert.equal(output[`RF_${first}_1.txt`], textOf('RF_1-LA_1.txt'));
  assert.equal(output[`ContactForceInRF_${first}_1.txt`], textOf('ContactForceInRF_1-LA_1.txt'));
  assert.equal(
    output[`${first}_P1_CS_CONNECTOR_Eleclectrode_Positions.txt`],
    textOf('1-LA_P1_CS_CONNECTOR_Eleclectrode_Positions.txt'),
  );
});

test('only the counters of a VisiTag table change, in cells as wide as before', () => {
  for (const table of ['Sites', 'AblationSites', 'AblationData']) {
    const path = `VisiTagExport/${table}.txt`;
    assert.equal(output[path], textOf(path).replaceAll('9300', '   1'), table);
  }
});

test('a voxel’s id stays where it is its coordinate, and is mapped where it is not', () => {
  const path = 'VisiTagExport/Grids.txt';
  assert.equal(output[path], textOf(path).replace('987654321', '        1'));
});

test('sessions, presets, settings, formulas: names coded, comments gone, unknown keys gone', () => {
  const sessions = output['VisiTagExport/VisiTagSessions.txt']!.split('\r\n').map((line) => line.trim().split(/ +/));
  assert.deepEqual(sessions[1], ['1', '699990', '710500', 'Preset-prxsxtb', '1', 'NA']);
  const settings = output['VisiTagExport/VisiTagSettings.txt']!;
  assert.match(settings, /PresetName= +Preset-prxsxtb\r\n/);
  assert.match(settings, /FPTIFormulaGUID= +00000000-0000-0000-0000-000000000001\r\n/);
  assert.doesNotMatch(settings, /Operator|nobody/);
  assert.match(output['VisiTagExport/VisiTagPresets.txt']!, /PresetName= +Preset-prxsxtc\r\n/);
  assert.match(output['VisiTagExport/fpti-formulas.xml']!, /<GUID>00000000-0000-0000-0000-000000000001<\/GUID>/);
});

test('car rows: map coded, catheter mapped, columns of a version that nothing is known of are missing values', () => {
  assert.equal(output[`${first}_car.txt`], textOf('1-LA_car.txt').replace('1-LA', first).replace('7001', '1'));
  const cells = output[`${second}_car.txt`]!.split('\r\n')[1]!.split('\t');
  assert.equal(cells.length, 46);
  assert.deepEqual(
    [cells[26], cells[27], cells[28], cells[31], cells[32], cells[45]],
    ['0', '0', '-10000', '-10000', '0', '0'],
  );
});

test('force: the file’s own name is the new one, date and time tokens are gone', () => {
  const lines = output[`${first}_P1_ContactForce.txt`]!.split('\r\n');
  assert.deepEqual(lines.slice(0, 2), [`${first}_P1_ContactForce.txt_2.0`, 'Rate=50\tNumber =2\t']);
  assert.deepEqual(lines.slice(2), textOf('1-LA_P1_ContactForce.txt').split('\r\n').slice(2));
});

test('channels that are no leads or poles are coded, as wide as they were', () => {
  const line = output[`${second}_ECG_Export_650000.txt`]!.split('\r\n')[2]!;
  assert.match(line, /^ +MC Bipolar 1\(1\) +Channel-chxnnxlb\(2\)$/);
});

test('references lead to the files that are there', async () => {
  const { leftOut, ...study } = await readStudy(memorySource(asBuffers(output)), passAlways);
  assert.deepEqual(study.warnings, [
    { code: 'missing-file', kind: 'electrode-positions', count: 1 },
    { code: 'missing-file', kind: 'sensor-positions', count: 1 },
  ]);
  assert.deepEqual(leftOut, []);
  const ecg = await study.maps[1]?.points[0]?.recording?.loadEcg();
  assert.deepEqual(
    ecg?.channels.map(({ name }) => name),
    ['MC Bipolar 1', 'Channel-chxnnxlb'],
  );
});

test('pseudonymising the output again keeps every number', async () => {
  const again = await write(asBuffers(output));
  const numbers = (files: Record<string, string>) =>
    Object.values(files).map((text) => text.match(/-?\d+\.\d+/g) ?? []);
  assert.deepEqual(numbers(again), numbers(output));
});

test('the output does not depend on the pieces of the source', async () => {
  for (const pieceBytes of [1, 13, 1000]) assert.deepEqual(await write(input, pieceBytes), output);
});

test('columns, attributes, elements and keys without a rule are left out and told', async () => {
  const path = 'VisiTagExport/AblationData.txt';
  const files: Record<string, string | Buffer> = { ...input };
  files[path] = textOf(path).replace('  Polarity', '  Novelty  Polarity').replaceAll(' UNI', ' 12.5 UNI');
  files['1-LA_P1_Point_Export.xml'] = textOf('1-LA_P1_Point_Export.xml')
    .replace('<WOI ', '<Novelty a="1"><WOI From="1"/></Novelty><WOI Novelty="1" ')
    .replace('Time="-7490"', 'Time="soon"');
  const study = await transformed(files);
  const written = await collect(study.files);
  assert.equal(written[path]!.toString().replaceAll(/ +/g, ' '), output[path]!.replaceAll(/ +/g, ' '));
  const point = written[`${first}_P1_Point_Export.xml`]!.toString();
  assert.doesNotMatch(point, /Novelty|soon/);
  assert.match(point, /<Impedance NUM="0" Value="101.5" \/>/);
  const told = study.warnings.map(({ code, kind, count }) => `${code} ${kind} ${count}`);
  for (const line of [
    'dropped-column ablation-data 1',
    'dropped-element point 1',
    'dropped-attribute point 1',
    'odd-value point 1',
  ]) {
    assert.ok(told.includes(line), `${line} in ${told}`);
  }
});

test('the names of a tag stay where both are a default tag’s; one of them may be anyone’s initials', async () => {
  const tags = async (shortTag: string, fullTag: string) => {
    const written = await write(tinyExport({ shortTag, fullTag }));
    return /<Tag ID="300" Short_Name="(.*?)" Full_Name="(.*?)"/.exec(written['Study-stxdyb.xml']!)?.slice(1);
  };
  assert.deepEqual(await tags('MA', 'Mitral Annulus'), ['MA', 'Mitral Annulus']);
  assert.deepEqual(await tags('MA', 'Ganglion'), ['Tag-txgb', 'Tag-txgc']);
  assert.deepEqual(await tags('TE', 'TE'), ['Tag-txgb', 'Tag-txgb']);
  assert.deepEqual(await tags('SCR', 'Scarlett'), ['Tag-txgb', 'Tag-txgc']);
});

test('a comment of a mesh stays where it names the columns of its section, not where it is one word of them', async () => {
  const path = '1-LA.mesh';
  const names = '; Unipolar  µBi[ColorsScaleSection]';
  const comment = async (from: string, to: string) => {
    const files = { ...input, [path]: Buffer.from(textOf(path).replace(from, to), 'latin1') };
    return (await write(files))[`${first}.mesh`]!.includes(`${to.split('\r\n')[0]}\r\n`);
  };
  assert.ok(await comment('; Color Value=', `${names}\r\n; Color Value=`));
  assert.ok(await comment('; Scar=0', '; Scar EML\r\n; Scar=0'));
  assert.ok(!(await comment('; Color Value=', '; Force\r\n; Color Value=')));
  assert.ok(!(await comment('; Color Value=', '; Unipolar\r\n; Color Value=')));
  assert.ok(!(await comment('[VerticesSection]', '; Scar\r\n[VerticesSection]')));
});

test('a long preset name that shifts its row is never read as the number of the preset', async () => {
  for (const preset of ['ablation 1953 04 17 at 192102061351', '19210206135100004711238', 'Kowalczyk room 12345 471']) {
    const files = tinyExport({ preset });
    const sessions = (await write(files))['VisiTagExport/VisiTagSessions.txt']!.split('\r\n')[1];
    assert.deepEqual(sessions?.trim().split(/ +/), ['1', '699990', '710500', 'Preset-prxsxtb', '1', 'NA'], preset);
  }
  const path = 'VisiTagExport/VisiTagSessions.txt';
  const shifted = textOf(path).replace(/1( +NA)/, '9378-07-326$1');
  await assert.rejects(write({ ...input, [path]: shifted }), failsAs('UNREADABLE', 'visitag-sessions'));
});

test('a study named like the file of a point is not held for it', async () => {
  const renamed = Object.entries(input).map(([path, content]) => {
    const text = content
      .toString('latin1')
      .replaceAll('_P1_', '_P1234_')
      .replaceAll(/(<Point I[dD]=)"1"/g, '$1"1234"');
    return [path.replace('_P1_', '_P1234_').replace(tinyNames.study, 'P1234'), Buffer.from(text, 'latin1')];
  });
  const names = Object.keys(await write(Object.fromEntries(renamed)));
  assert.ok(names.includes(`${first}_P1234_Point_Export.xml`));
});

test('digits that the workstation put into the name of a file that stays behind are not taken for typed ones', async () => {
  const stays = (path: string) => ({ ...input, [path]: 'x' });
  const inside = Object.fromEntries(Object.entries(input).map(([path, content]) => [`deep/${path}`, content]));
  await write(stays('1-LA2_ECG_Export_650000_HD.txt'));
  await write(stays('TemperaturesInRF_1-LA_700100.txt'));
  await write({ ...inside, 'copy/1-LA2_ECG_Export_650000.txt': 'x' });
  for (const typed of ['scan 650000.pdf', 'x1-LA650000.pdf', '650000/1-LA_notes.pdf']) {
    await assert.rejects(write(stays(typed)), failsAs('PHI_SUSPECTED', 'file-name'), typed);
  }
});

test('bad input: empty, no study, half a study, a triangle past the last vertex, cells that are no numbers', async () => {
  const name = `${tinyNames.study}.xml`;
  const bad: [files: MemoryFiles, code: string, kind: string | undefined][] = [
    [{}, 'EMPTY', undefined],
    [{ 'a.txt': 'x' }, 'NO_STUDY', undefined],
    [{ ...input, [name]: textOf(name).slice(0, 900) }, 'UNREADABLE', 'study'],
    [
      {
        ...input,
        '1-LA2.mesh': tetrahedron({ coloured: false }).replace(
          '        1        2        3',
          '        1        2        4',
        ),
      },
      'UNREADABLE',
      'mesh',
    ],
    [{ ...input, '1-LA2.mesh': tetrahedron({ coloured: false }).slice(0, 900) }, 'UNREADABLE', 'mesh'],
    [{ ...input, 'RF_1-LA_1.txt': textOf('RF_1-LA_1.txt').replace('700200', 'Jane') }, 'UNREADABLE', 'rf'],
    [
      { ...input, '1-LA_P1_ECG_Export.txt': textOf('1-LA_P1_ECG_Export.txt').replace('12345', '12/03/61') },
      'UNREADABLE',
      'ecg',
    ],
    [{ ...input, '1-LA_P1_ECG_Export.txt': textOf('1-LA_P1_ECG_Export.txt').slice(0, -20) }, 'UNREADABLE', 'ecg'],
    [{ ...input, '1-LA_P1_Point_Export.xml': '<Point ID="1">' }, 'UNREADABLE', 'point'],
  ];
  for (const [files, code, kind] of bad) await assert.rejects(write(files), failsAs(code, kind));
});

function asBuffers(files: Record<string, string>): Record<string, Buffer> {
  return Object.fromEntries(Object.entries(files).map(([name, text]) => [name, Buffer.from(text, 'latin1')]));
}
