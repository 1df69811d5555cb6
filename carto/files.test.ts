import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FileClassifier, type FileIdentity, filePath, visiTagTables } from './files.ts';

const same = {
  study: 'S',
  map: (name: string) => name,
  shell: (name: string) => name,
  connector: (name: string) => name,
  template: (name: string) => name,
  table: (name: string) => name,
};

const maps = ['1-Map', '1-Map2', '2-PV (re map)_P1', 'a.b_c', 'Vorhof ä'];
const classifier = new FileClassifier({
  maps: maps.map((name) => ({ name, meshFiles: [`${name}.mesh`] })),
  shells: ['ct.mesh'],
});

test('every file name of the format is what it is, and is written back as it was', () => {
  const digits = fc.nat({ max: 99_999 }).map(String);
  const map = fc.constantFrom(...maps);
  const key = fc.oneof(fc.record({ point: digits }), fc.record({ time: digits }));
  const connector = fc.constantFrom('NAVISTAR_CONNECTOR', 'MAGNETIC_20_POLE_A_CONNECTOR', 'X');
  const track = { key, connector, onAnnotation: fc.boolean() };
  const identity: fc.Arbitrary<FileIdentity> = fc.oneof(
    fc.record({ kind: fc.constantFrom('car' as const, 'points-index' as const), map }),
    fc.record({ kind: fc.constant('point' as const), map, key: fc.record({ point: digits }) }),
    fc.record({ kind: fc.constantFrom('ecg' as const, 'contact-force' as const), map, key }),
    fc.record({ kind: fc.constantFrom('rf' as const, 'contact-force-in-rf' as const), map, ordinal: digits }),
    fc.record({
      kind: fc.constant('electrode-positions' as const),
      map,
      word: fc.constantFrom('Eleclectrode', 'Electrode'),
      ...track,
    }),
    fc.record({ kind: fc.constant('sensor-positions' as const), map, word: fc.constant('Sensor'), ...track }),
    fc.constant({ kind: 'paso-configuration' as const }),
    fc.record({
      kind: fc.constant('paso-correlations' as const),
      of: fc.constantFrom('ISIS' as const, 'PMIS' as const),
    }),
    fc.record({ kind: fc.constant('paso-template' as const), name: fc.constantFrom('IS1', 'PM 2', 'IS front wall') }),
    fc.record({
      kind: fc.constantFrom(...(Object.keys(visiTagTables) as (keyof typeof visiTagTables)[])),
      variant: fc.constantFrom('' as const, '_QMODE+' as const),
    }),
  );
  fc.assert(
    fc.property(identity, (wanted) => {
      const path = filePath(wanted, same);
      assert.ok(path !== undefined);
      assert.deepEqual(classifier.identify(path), structuredClone(wanted));
    }),
    { numRuns: 500 },
  );
});

test('a map name that begins another one does not take its files', () => {
  assert.deepEqual(classifier.identify('1-Map2_car.txt'), { kind: 'car', map: '1-Map2' });
  assert.deepEqual(classifier.identify('RF_1-Map2_10.txt'), { kind: 'rf', map: '1-Map2', ordinal: '10' });
});

test('accents are compared composed', () => {
  assert.deepEqual(classifier.identify('Vorhof ä_car.txt'.normalize('NFD')), { kind: 'car', map: 'Vorhof ä' });
});

test('meshes belong to the map or surface that names them, any other is nobody’s', () => {
  assert.deepEqual(classifier.identify('a.b_c.mesh'), { kind: 'mesh', map: 'a.b_c', part: 0 });
  assert.deepEqual(classifier.identify('ct.mesh'), { kind: 'shell', name: 'ct.mesh' });
  assert.deepEqual(classifier.identify('other.mesh'), { kind: 'unreferenced-mesh' });
});

test('what is not known is told by kind', () => {
  const kinds = Object.entries({
    'RF_CARTO_TO_nMARQ_SESSIONS_MAPPING.txt': 'nmarq-mapping',
    'PaSoExport/IS 1.txt': 'paso-template',
    'VisiTagExport/Sites_PFA.txt': 'visitag-pfa',
    'VisiTagExport/VVVersion.txt': 'visitag-other',
    'PaSoExport/ConfigurationData.txt': 'paso-configuration',
    'PaSoExport/PMISCorrelations.txt': 'paso-correlations',
    'PaSoExport/IS.dat': 'paso-other',
    'TemperaturesInRF_1-Map_1.txt': 'temperatures-in-rf',
    'VisiTagExport/deep/Sites.txt': 'unknown',
    'Other/Sites.txt': 'unknown',
    'Thumbs.db': 'unknown',
    '1-Map_P1_ECG_Export.txt.bak': 'unknown',
    '3-Map_car.txt': 'unknown',
  });
  for (const [path, kind] of kinds) assert.equal(classifier.identify(path).kind, kind, path);
});

test('digits in a name that are no id and no study clock make it unknown: they would go on', () => {
  for (const name of [
    '1-Map_P19530417_Point_Export.xml',
    '1-Map_P0815_Point_Export.xml',
    '1-Map_P4711238_ECG_Export.txt',
    '1-Map_ECG_Export_195304171230.txt',
    '1-Map_ECG_Export_01765550.txt',
    '1-Map_P1_ContactForce_1637852493123.txt',
    '1-Map_CS_CONNECTOR_Eleclectrode_Positions_OnAnnotation_1637852493123.txt',
    '1-Map_P1_CS_CONNECTOR_Sensor_Positions_19530417.txt',
    '1-Map_P1_ECG_Export_19530417.txt',
    'RF_1-Map_471123.txt',
    'ContactForceInRF_1-Map_007.txt',
  ]) {
    assert.deepEqual(classifier.identify(name), { kind: 'unknown' }, name);
  }
  assert.equal(classifier.identify('1-Map_ECG_Export_13140188.txt').kind, 'ecg');
});
