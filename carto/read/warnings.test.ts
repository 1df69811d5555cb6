import assert from 'node:assert/strict';
import { test } from 'node:test';
import { passAlways } from '../../core/gate-flag.ts';
import { memorySource } from '../testing/memory-source.ts';
import { failing } from '../testing/one-file.ts';
import { tinyExport, tinyNames } from '../testing/tiny-export.ts';
import { eachEcg } from './each-ecg.ts';
import { readStudy } from './read-study.ts';

type Files = Record<string, string | Buffer>;

const files = tinyExport();
const studyPath = `${tinyNames.study}.xml`;
const read = (more: Files = {}, gone: readonly string[] = []) => {
  const all = Object.entries({ ...files, ...more }).filter(([path]) => !gone.includes(path));
  return readStudy(memorySource(Object.fromEntries(all)), passAlways);
};
const changed = (path: string, from: string | RegExp, to: string): Files => {
  const text = files[path]!.toString('latin1');
  assert.match(text, from instanceof RegExp ? from : new RegExp(from));
  return { [path]: Buffer.from(text.replace(from, to), 'latin1') };
};
const countOf = async (study: ReturnType<typeof read>, code: string, kind: string) =>
  (await study).warnings.find((one) => one.code === code && one.kind === kind)?.count ?? 0;

test('what is referred to and not there is counted by its kind; the study is read', async () => {
  for (const [gone, kind, incomplete] of [
    ['1-LA_P1_Point_Export.xml', 'point', 1],
    ['1-LA_P1_ECG_Export.txt', 'ecg', 0],
    ['1-LA_P1_ContactForce.txt', 'contact-force', 0],
    ['1-LA_car.txt', 'car', 1],
    ['1-LA.mesh', 'mesh', 1],
    ['1-LA_Points_Export.xml', 'points-index', 1],
    ['ct.mesh', 'shell', 0],
  ] as const) {
    const study = read({}, [gone]);
    assert.equal(await countOf(study, 'missing-file', kind), 1, gone);
    assert.equal(await countOf(study, 'incomplete-map', 'study'), incomplete, gone);
    assert.equal((await study).maps.length, 2, gone);
  }
});

test('half an export: the second map’s files are all missing, the first is whole', async () => {
  const gone = Object.keys(files).filter((path) => path.startsWith('1-LA2'));
  const { maps, warnings } = await read({}, gone);
  assert.ok(maps[0]?.points[0]?.recording);
  assert.deepEqual([maps[1]?.mesh, maps[1]?.points[0]?.recording, maps[1]?.car.size], [undefined, undefined, 0]);
  assert.ok(warnings.some(({ code, count }) => code === 'incomplete-map' && count === 1));
});

test('a re-map repeats its parent’s applications: read once, told of, and both maps are named', async () => {
  const { applications, warnings } = await read({
    'RF_1-LA2_1.txt': files['RF_1-LA_1.txt']!,
    'ContactForceInRF_1-LA2_1.txt': files['ContactForceInRF_1-LA_1.txt']!,
  });
  assert.deepEqual(
    applications.map(({ maps }) => maps),
    [['1-LA', '1-LA2']],
  );
  for (const kind of ['rf', 'contact-force-in-rf']) {
    assert.ok(
      warnings.some((one) => one.code === 'repeated-file' && one.kind === kind && one.count === 1),
      kind,
    );
  }
});

test('applications are ordered by number, ten behind nine, and by their times', async () => {
  const at = (ms: number) =>
    files['RF_1-LA_1.txt']!.toString()
      .replace('700100', String(ms))
      .replace('700200', String(ms + 100));
  const { applications } = await read({ 'RF_1-LA_10.txt': at(900_000), 'RF_1-LA_9.txt': at(800_000) });
  assert.deepEqual(
    applications.map(({ startStudyMs }) => startStudyMs),
    [700_100, 800_000, 900_000],
  );
});

test('a damaged file of any kind is gone past, told with its kind and line, and all else is there', async () => {
  for (const [path, from, to, kind] of [
    ['1-LA.mesh', '1.250', 'x', 'mesh'],
    ['1-LA_car.txt', '-42', 'x', 'car'],
    ['1-LA_P1_Point_Export.xml', '"600100"', '"x"', 'point'],
    ['1-LA_Points_Export.xml', 'Map_Index="8101"', '', 'points-index'],
    ['RF_1-LA_1.txt', '700200', 'x', 'rf'],
    ['ContactForceInRF_1-LA_1.txt', '700100', 'x', 'contact-force-in-rf'],
    ['VisiTagExport/Sites.txt', '7.125', 'x', 'sites'],
    ['VisiTagExport/AblationData.txt', 'UNI', 'U NI', 'ablation-data'],
    ['VisiTagExport/VisiTagSessions.txt', '699990', 'early ', 'visitag-sessions'],
    ['VisiTagExport/fpti-formulas.xml', '</FPTI>', '', 'fpti-formulas'],
    ['ct.mesh', '1.250', 'x', 'shell'],
  ] as const) {
    const study = await read(changed(path, from, to));
    assert.deepEqual(
      study.damaged.map(({ code, kind }) => [code, kind]),
      [['UNREADABLE', kind]],
      path,
    );
    assert.ok(study.warnings.some((one) => one.code === 'damaged-file' && one.kind === kind && one.count === 1));
    assert.equal(study.maps[1]?.mesh?.positionsMm.length, 12, path);
  }
});

test('announced counts that are wrong, and other units, are told of', async () => {
  assert.equal(await countOf(read(), 'count-mismatch', 'study'), 0);
  assert.equal(
    await countOf(
      read(changed(studyPath, '<TagsTable Count="3">', '<TagsTable Count="4">')),
      'count-mismatch',
      'study',
    ),
    1,
  );
  assert.equal(await countOf(read(changed(studyPath, 'Distance="mm"', 'Distance="inch"')), 'odd-value', 'study'), 1);
});

test('tables of pulsed field ablation, and of what is not known, are counted by kind', async () => {
  const { leftOut } = await read({
    'VisiTagExport/Sites_PFA.txt': 'x',
    'VisiTagExport/Applications_PFA.txt': 'x',
    'VisiTagExport/DetectorsVersion.txt': 'x',
    'TemperaturesInRF_1-LA_1.txt': 'x',
    'RF_CARTO_TO_nMARQ_SESSIONS_MAPPING.txt': 'x',
  });
  assert.deepEqual(
    new Map(leftOut.map(({ kind, count }) => [kind, count])),
    new Map([
      ['visitag-pfa', 2],
      ['visitag-other', 1],
      ['temperatures-in-rf', 1],
      ['nmarq-mapping', 1],
    ]),
  );
});

test('points that share an ECG file: one reading for all of them, and again when it is asked for later', async () => {
  const shared = '1-LA2_ECG_Export_650000.txt';
  const studyXml = files[studyPath]!.toString().replace(
    /<Point Id="7"[^>]*\/>/,
    (point) => point + point.replace('"7"', '"8"'),
  );
  const index = files['1-LA2_Points_Export.xml']!.toString().replace(
    /<Point ID="7"[^>]*\/>/,
    (point) => point + point.replaceAll('7', '8'),
  );
  let opened = 0;
  const source = memorySource({
    ...files,
    [studyPath]: studyXml,
    '1-LA2_Points_Export.xml': index,
    '1-LA2_P8_Point_Export.xml': files['1-LA2_P7_Point_Export.xml']!.toString().replace('ID="7"', 'ID="8"'),
  });
  const counting = source.files.map((file) => ({
    ...file,
    open: () => {
      if (file.path === shared) opened++;
      return file.open();
    },
  }));
  const study = await readStudy({ ...source, files: counting }, passAlways);
  const [seven, eight] = study.maps[1]!.points.map((point) => point.recording!);
  assert.equal(seven?.ecgFile, eight?.ecgFile);
  const [first, second] = await Promise.all([seven!.loadEcg(), eight!.loadEcg()]);
  assert.ok(first && first === second);
  assert.equal(opened, 1);
  await study.maps[0]!.points[0]!.recording!.loadEcg();
  assert.deepEqual((await seven!.loadEcg())?.channels, first.channels);
  assert.equal(opened, 2, 'only the last file is kept');
  assert.deepEqual(
    [...eachEcg(study)].map(({ points }) => points.map(({ map, point }) => [map, point])),
    [
      [[0, 0]],
      [
        [1, 0],
        [1, 1],
      ],
    ],
  );
});

test('text with a mark of its encoding is read, UTF-16 is refused by name, whichever file it is', async () => {
  const mark = Buffer.from([0xef, 0xbb, 0xbf]);
  for (const path of [studyPath, '1-LA.mesh', '1-LA_car.txt', 'VisiTagExport/Sites.txt', '1-LA_P1_Point_Export.xml']) {
    const { damaged, maps, visiTag } = await read({ [path]: Buffer.concat([mark, Buffer.from(files[path]!)]) });
    assert.deepEqual(damaged, [], path);
    assert.deepEqual([maps[0]?.mesh?.positionsMm.length, maps[0]?.car.size, visiTag?.sites.length], [12, 1, 1], path);
  }
  const utf16 = (path: string) => Buffer.from(`\ufeff${files[path]!.toString('latin1')}`, 'utf16le');
  const { damaged } = await read({
    '1-LA.mesh': utf16('1-LA.mesh'),
    'VisiTagExport/Sites.txt': utf16('VisiTagExport/Sites.txt').subarray(2),
  });
  assert.deepEqual(damaged.map(({ kind }) => kind).sort(), ['mesh', 'sites']);
  for (const { message } of damaged) assert.match(message, /UTF-16/);
  await assert.rejects(read({ [studyPath]: utf16(studyPath) }), failing('UNREADABLE', 'study'));
});

test('VisiTag of other generations: fewer columns, none of an index, and the QDOT tables beside empty ones', async () => {
  const sites = files['VisiTagExport/Sites.txt']!.toString();
  const without = (names: readonly string[]) => {
    const [head = '', row = ''] = sites.split('\r\n');
    const columns = head.trim().split(/\s+/);
    const kept = (line: string) =>
      line
        .trim()
        .split(/\s+/)
        .filter((_, at) => !names.includes(columns[at] ?? ''))
        .join('  ');
    return `${kept(head)}\r\n${kept(row)}\r\n`;
  };
  const oldest = (await read({ 'VisiTagExport/Sites.txt': without(['TagIndexStatus']) })).visiTag?.sites[0];
  assert.deepEqual([oldest?.rfIndex, oldest?.tagIndexStatus, oldest?.firstStudyMs], [401.125, undefined, 700_000]);
  const older = (await read({ 'VisiTagExport/Sites.txt': without(['TagIndexStatus', 'RFIndex']) })).visiTag?.sites[0];
  assert.deepEqual([older?.rfIndex, older?.ftiGs], [undefined, 87]);
  const header = (path: string) => `${files[path]!.toString().split('\r\n')[0]}\r\n`;
  const data = 'VisiTagExport/AblationData.txt';
  const { visiTag } = await read({
    'VisiTagExport/Sites.txt': header('VisiTagExport/Sites.txt'),
    'VisiTagExport/Sites_QMODE+.txt': without(['TagIndexStatus', 'RFIndex']),
    'VisiTagExport/AblationData_QMODE+.txt': `TimeStamp Session Impedance Power Flow\r\n800000 9300 100 90 4\r\n`,
  });
  assert.deepEqual(
    visiTag?.sites.map(({ session, rfIndex }) => [session, rfIndex]),
    [[9300, undefined]],
  );
  assert.equal(header(data).includes('Flow'), false);
  assert.deepEqual([...(visiTag?.ablationData?.column('Power') ?? [])], [30.125, 34.875, 90]);
  assert.deepEqual([...(visiTag?.ablationData?.column('Flow') ?? [])], [Number.NaN, Number.NaN, 4]);
});
