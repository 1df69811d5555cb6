import assert from 'node:assert/strict';
import { test } from 'node:test';
import { passAlways } from '../../core/gate-flag.ts';
import { CartoError } from '../error.ts';
import type { Study } from '../study.ts';
import { memorySource } from '../testing/memory-source.ts';
import { tetrahedron, tinyExport, tinyNames } from '../testing/tiny-export.ts';
import { readStudy } from './read-study.ts';

type Files = Record<string, string | Buffer>;

const read = (files: Files, pieceBytes = 1 << 18): Promise<Study> =>
  readStudy(memorySource(files, { pieceBytes }), passAlways);

const study = await read(tinyExport());
const [first, second] = study.maps;
assert.ok(first && second);

test('the catalogue: colorings, tags, maps, cut-outs, imported surfaces', () => {
  assert.equal(study.name, tinyNames.study);
  assert.deepEqual(study.colorings[1], { id: 12, name: 'µBi', units: 'mV' });
  assert.deepEqual(study.tags[2], { id: 300, shortName: 'GP', fullName: 'Ganglion', color: [0, 1, 0, 1], radiusMm: 2 });
  assert.deepEqual([first.name, first.index, first.visible, first.volumeMl], ['1-LA', 8101, true, 0.5]);
  assert.deepEqual(first.coloringRanges, [{ coloringId: 0, min: 0.25, max: 2.5 }]);
  assert.deepEqual(first.reference, { algorithm: 1, connector: 'CS_CONNECTOR' });
  assert.deepEqual(second.reference, { algorithm: 0, channel: 110 });
  assert.deepEqual(first.cutouts, [Float64Array.of(0, 0, 0, 1, 0, 0, 0, 1, 0)]);
  assert.deepEqual(study.registration?.slice(12), [5, 6, 7, 1]);
  assert.equal(study.shells[0]?.mesh?.triangles.length, 12);
});

test('a mesh: surplus colour column ignored, missing values NaN, flags by name, no colours where there are none', () => {
  const { mesh } = first;
  assert.ok(mesh);
  assert.deepEqual([...mesh.positionsMm.slice(3)], [1.125, 0, 0, 0, 1.25, 0, 0, 0, 1.375]);
  assert.deepEqual([...mesh.triangles], [0, 2, 1, 0, 1, 3, 0, 3, 2, 1, 2, 3]);
  assert.deepEqual(
    mesh.colors.map(({ id, name }) => [id, name]),
    [
      [0, 'Unipolar'],
      [12, 'µBi'],
    ],
  );
  assert.deepEqual([...(mesh.colors[0]?.values ?? [])], [0.25, 1.5, 2.5, Number.NaN]);
  assert.deepEqual(
    mesh.attributes.map(({ name, values }) => [name, ...values]),
    [
      ['Scar', 0, 1, 0, 0],
      ['EML', 0, 0, 0, 1],
    ],
  );
  assert.deepEqual(second.mesh?.colors, []);
  assert.deepEqual(second.mesh?.attributes, []);
});

test('a point: place, tags, projection, recording; LAT is annotation minus reference', () => {
  const [point] = first.points;
  assert.ok(point?.recording);
  assert.deepEqual(point.positionMm, [0.1, 0.2, 0.3]);
  assert.deepEqual(point.tagIds, [9, 300]);
  assert.deepEqual(point.projectedMm, [0, 0, 1]);
  const { recording } = point;
  assert.deepEqual([recording.startStudyMs, recording.latMs, recording.annotationSample], [600_100, -42, 1958]);
  assert.deepEqual(recording.window, { fromMs: -100, toMs: 100 });
  assert.equal(recording.maxMicroBipolarMv, undefined);
  assert.deepEqual([...recording.impedance.timesMs], [-7490, -7440]);
  assert.deepEqual([...recording.impedance.ohm], [101.5, Number.NaN]);
  const later = second.points[0]?.recording;
  assert.deepEqual([later?.latMs, later?.annotationSample], [undefined, undefined]);
  assert.deepEqual(later?.channels, { unipolar: 'M1', bipolar: '20A_3-4', reference: 'CS1-CS2' });
});

test('signals load on call: ECG old and new, force, tracks; undefined where the file is missing', async () => {
  const recording = first.points[0]?.recording;
  const ecg = await recording?.loadEcg();
  assert.deepEqual([ecg?.version, ecg?.mvPerCount, ecg?.samples], ['4.0', 0.003, 2]);
  assert.deepEqual(
    ecg?.channels.map(({ name, number, counts }) => [name, number, ...counts]),
    [
      ['M1', 1, 12, -1],
      ['M1-M2', 92, -34, 7],
      ['I', 110, 0, 12345],
    ],
  );
  const later = await second.points[0]?.recording?.loadEcg();
  assert.deepEqual(
    later?.channels.map(({ name }) => name),
    ['MC Bipolar 1', 'RV Probe'],
  );
  const force = await recording?.loadContactForce();
  assert.deepEqual([force?.meanG, force?.longMeanG], [5.5, 6.25]);
  assert.deepEqual([...(force?.trace.column('ForceValue') ?? [])], [5.25, -6.5]);
  const track = await recording?.tracks[0]?.load();
  assert.deepEqual([...(track?.column('Z') ?? [])], [-0.125, 1e-5]);
  assert.equal(await recording?.tracks[1]?.load(), undefined);
  assert.equal(await second.points[0]?.recording?.loadContactForce(), undefined);
});

test('car rows by point, the longer version too; -1 is no tag', () => {
  assert.deepEqual(first.car.get(1), {
    pointId: 1,
    positionMm: [0.1, 0.2, 0.3],
    unipolarMv: 2.5,
    bipolarMv: 0.25,
    latMs: -42,
    impedanceOhm: 101.5,
    pointType: 0,
    tagId: 300,
    catheterId: 7001,
  });
  assert.deepEqual([second.car.get(7)?.tagId, second.car.get(7)?.referenceSample], [undefined, 0]);
});

test('VisiTag and applications; a decimal comma is read', () => {
  const { visiTag } = study;
  assert.deepEqual(visiTag?.sites, [
    {
      session: 9300,
      channel: 0,
      siteIndex: 1,
      positionMm: [-10.25, 30.75, 12.375],
      durationS: 12.25,
      averageForceG: 7.125,
      maxTemperatureC: 41.5,
      maxPowerW: 35.25,
      baseImpedanceOhm: 120.125,
      impedanceDropOhm: 9.5,
      ftiGs: 87,
      rfIndex: 401.125,
      tagIndexStatus: 1,
      firstStudyMs: 700_000,
      firstPassedStudyMs: 703_000,
      lastStudyMs: 710_400,
    },
  ]);
  assert.deepEqual(visiTag?.sessions, [
    { id: 9300, startStudyMs: 699_990, endStudyMs: 710_500, presetName: 'Wide', presetId: 1 },
  ]);
  assert.equal(visiTag?.presets.length, 2);
  assert.equal(visiTag?.formulas[0]?.coefficients.get('overallCoefficient'), 975);
  assert.equal(study.applications[0]?.force?.column('ForceValue')?.[0], 4.250125);
  assert.deepEqual(study.applications[0]?.maps, ['1-LA']);
});

test('what was not exported is a warning, never fatal', () => {
  assert.deepEqual(study.warnings, [
    { code: 'missing-file', kind: 'electrode-positions', count: 1 },
    { code: 'missing-file', kind: 'sensor-positions', count: 1 },
  ]);
});

test('a session comment may hold blanks and numbers, and a long preset name may shift its row', async () => {
  const comments = async (names: { comment?: string; preset?: string }) => {
    const { visiTag } = await read(tinyExport(names));
    const [session] = visiTag?.sessions ?? [];
    return [session?.presetName, session?.presetId, session?.comment];
  };
  assert.deepEqual(await comments({ comment: 'done  by 2' }), ['Wide', 1, 'done  by 2']);
  const preset = 'High power short duration 50 W';
  assert.deepEqual(await comments({ preset, comment: 'see note' }), [preset, 1, 'see note']);
});

test('reads the same whatever pieces the source hands over', async () => {
  for (const pieceBytes of [1, 7, 100]) {
    const again = await read(tinyExport(), pieceBytes);
    assert.deepEqual(
      again.maps.map((map) => map.mesh),
      study.maps.map((map) => map.mesh),
    );
    assert.deepEqual(again.visiTag?.sites, study.visiTag?.sites);
  }
});

test('an export one folder down is found, and what lies beside it is outside', async () => {
  const files = Object.fromEntries(Object.entries(tinyExport()).map(([path, content]) => [`deep/${path}`, content]));
  const found = await read({ ...files, 'note.txt': 'x' });
  assert.equal(found.maps[0]?.mesh?.triangles.length, 12);
  assert.deepEqual(found.leftOut, [{ kind: 'outside', count: 1 }]);
});

test('a study XML in Windows-1252 tells the same names as files named in Unicode', async () => {
  const path = `${tinyNames.study}.xml`;
  const files = tinyExport({ first: '1-Vorhöfe', fullTag: 'Rückwand' });
  const inCp1252 = Buffer.from(files[path]!.toString().replace('µBi', 'Bi'), 'latin1');
  const { maps, tags } = await read({ ...files, [path]: inCp1252 });
  assert.deepEqual([maps[0]?.name, tags[2]?.fullName], ['1-Vorhöfe', 'Rückwand']);
  assert.equal(maps[0]?.points[0]?.recording?.startStudyMs, 600_100);
});

test('an old car file has fewer columns, and one of an unknown version is passed over', async () => {
  const cells = ['P', 0, 1, 0, 1, 2, 3, 0, 0, 0, 1, -10000, 30000, 99, 1, 9, 1, 'A', 0, 7001, 0].join('\t');
  const car = async (version: string) => {
    const found = await read({ ...tinyExport(), '1-LA_car.txt': `${version} 1-LA\r\n${cells}\r\n` });
    return { row: found.maps[0]?.car.get(1), warnings: found.warnings };
  };
  const old = await car('VERSION_4_0');
  assert.deepEqual([old.row?.tagId, old.row?.bipolarMv, old.row?.latMs], [9, undefined, undefined]);
  const unknown = await car('VERSION_9_0');
  assert.equal(unknown.row, undefined);
  assert.ok(unknown.warnings.some(({ code, kind }) => code === 'unrecognised' && kind === 'car'));
});

test('deleted vertices and triangles are dropped and indices renumbered; a vertex group alone hides nothing', async () => {
  const deleted = tetrahedron({ coloured: false })
    .replace('-0.57735  -0.57735  -0.57735        0', '-0.57735  -0.57735  -0.57735 -1000000')
    .replace('0.57735   0.57735   0.57735        0', '0.57735   0.57735   0.57735      -29');
  const { maps } = await read({ ...tinyExport(), '1-LA.mesh': deleted });
  const mesh = maps[0]?.mesh;
  assert.deepEqual(mesh?.deleted, { vertices: 1, triangles: 3 });
  assert.deepEqual([...(mesh?.triangles ?? [])], [0, 1, 2]);
  assert.deepEqual([...(mesh?.triangleGroups ?? [])], [-29]);
  assert.equal(mesh?.positionsMm[0], 1.125);
});

const readStrictly = (files: Files): Promise<Study> =>
  readStudy(memorySource(files), passAlways, { stopAtDamage: true });

const failsAs = (code: string, kind: string | undefined, line?: number) => (error: unknown) => {
  assert.ok(error instanceof CartoError, String(error));
  assert.deepEqual([error.code, error.kind, line === undefined ? undefined : error.line], [code, kind, line]);
  assert.ok(error.hint);
  return true;
};

function changed(path: string, change: (text: string) => string): Files {
  const files = tinyExport();
  const text = change(files[path]!.toString('latin1'));
  assert.notEqual(text, files[path]!.toString('latin1'), 'the change changes something');
  return { ...files, [path]: Buffer.from(text, 'latin1') };
}

test('an empty source, and one without a study', async () => {
  await assert.rejects(read({}), failsAs('EMPTY', undefined));
  await assert.rejects(read({ 'a.xml': '<Point ID="1"/>', 'b.txt': 'Study name=' }), failsAs('NO_STUDY', undefined));
});

test('a study XML cut in half, a doctype, two studies, two maps of one name', async () => {
  const path = `${tinyNames.study}.xml`;
  await assert.rejects(read(changed(path, (text) => text.slice(0, text.length / 2))), failsAs('UNREADABLE', 'study'));
  await assert.rejects(read(changed(path, (text) => `${text}<!DOCTYPE x>`)), failsAs('UNREADABLE', 'study'));
  await assert.rejects(read({ ...tinyExport(), 'other.xml': '<Study name="x"/>' }), failsAs('UNREADABLE', 'study'));
  const twins = changed(path, (text) => text.replaceAll('Name="1-LA2"', 'Name="1-LA"'));
  await assert.rejects(read(twins), failsAs('UNREADABLE', 'study'));
});

test('a mesh that is cut off, or whose cells, order, width or corners are wrong, with its line', async () => {
  const cases: [(text: string) => string, number][] = [
    [(text) => text.replace('       3 =        1        2        3', '       3 =        1        2        4'), 30],
    [(text) => text.replace('       3 =        1        2        3', '       3 =        1        2     -0.5'), 30],
    [(text) => text.replace('       2 =         0.000         1.250', '       2 =         0.000         1x250'), 21],
    [(text) => text.replace('       2 =         0.000         1.250', '       5 =         0.000         1.250'), 21],
    [(text) => text.replace('       2 =         0.000         1.250', '       2 =         1.250'), 21],
    [(text) => text.replace(/NumVertex( +)= 4/, 'NumVertex$1= four'), 16],
    [(text) => text.replace('#Triangulated', '#Other'), 1],
  ];
  for (const [change, line] of cases) {
    await assert.rejects(
      readStrictly(changed('1-LA.mesh', change)),
      failsAs('UNREADABLE', 'mesh', line),
      String(change),
    );
  }
  const short = changed('1-LA.mesh', (text) => text.slice(0, text.indexOf('[VerticesColors') - 90));
  await assert.rejects(readStrictly(short), failsAs('UNREADABLE', 'mesh'));
});

test('cells that are no numbers and rows of a wrong width, in every table kind', async () => {
  const cases: [path: string, kind: string, change: (text: string) => string][] = [
    ['VisiTagExport/Sites.txt', 'sites', (text) => text.replace('7.125', 'seven')],
    ['VisiTagExport/AblationData.txt', 'ablation-data', (text) => text.replace('UNI', 'U NI')],
    ['RF_1-LA_1.txt', 'rf', (text) => text.replace('700200', '7002OO')],
    ['1-LA_car.txt', 'car', (text) => text.replace('-42', 'none')],
    ['1-LA_car.txt', 'car', (text) => text.replace('\tA\t0\t7001', '').split('\t').slice(0, 12).join('\t')],
    ['1-LA_P1_Point_Export.xml', 'point', (text) => text.replace('"600100"', '"six"')],
    ['VisiTagExport/VisiTagSessions.txt', 'visitag-sessions', (text) => text.replace('699990', 'early ')],
  ];
  for (const [path, kind, change] of cases) {
    await assert.rejects(readStrictly(changed(path, change)), failsAs('UNREADABLE', kind), path);
  }
  const bad = await read(changed('1-LA_P1_ECG_Export.txt', (text) => text.replace('12345', '12 345')));
  await assert.rejects(bad.maps[0]!.points[0]!.recording!.loadEcg(), failsAs('UNREADABLE', 'ecg', 6));
});

test('an error quotes neither content nor names', async () => {
  const names = { study: 'Doe Jane 4711234', first: 'Doe' };
  const files = tinyExport(names);
  const broken = { ...files, 'Doe.mesh': files['Doe.mesh']!.toString('latin1').replace('1.250', 'Jane') };
  const cut = { ...files, [`${names.study}.xml`]: files[`${names.study}.xml`]!.toString().slice(0, -30) };
  for (const bad of [broken, cut]) {
    await assert.rejects(readStrictly(bad), (error) => {
      const { message, stack, hint, cause } = error as CartoError;
      assert.doesNotMatch(`${message} ${stack} ${hint} ${String(cause)}`, /Jane|4711234|Doe/);
      return true;
    });
  }
});
