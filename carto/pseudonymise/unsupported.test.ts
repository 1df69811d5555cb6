import assert from 'node:assert/strict';
import { test } from 'node:test';
import { passAlways } from '../../core/gate-flag.ts';
import { type UnsupportedKind, unsupportedKinds } from '../../protocol/profile.ts';
import { CartoError } from '../error.ts';
import { collect, type MemoryFiles, memorySource } from '../testing/memory-source.ts';
import { testSite } from '../testing/test-site.ts';
import { tinyExport } from '../testing/tiny-export.ts';
import { pseudonymise } from './pseudonymise.ts';

const header = '            TimeStamp    Session     PulseCount         X       Kowalczyk';
const rows = [
  '               700100       9300          12.50      -3.25         99999.5',
  '               700200       9300           0         4.5e-2        -10000 ',
  '               700300       9300           7        nan            0.125  ',
];
const table = (...lines: string[]) => [header, ...lines, ''].join('\r\n');
const path = 'VisiTagExport/AblationData_PFA.txt';

async function written(files: MemoryFiles, unsupported: readonly UnsupportedKind[] = ['visitag-pfa']) {
  const study = await pseudonymise(memorySource(files), passAlways, { ...testSite, unsupported });
  const kinds: ReadonlySet<string> = new Set(unsupportedKinds);
  const output = await collect(study.files.filter(({ kind }) => kinds.has(kind)));
  return { study, output, names: Object.keys(output), texts: Object.values(output).map(String) };
}

const countsOf = (study: { leftOut: readonly { kind: string; count: number }[] }) =>
  Object.fromEntries(study.leftOut.map(({ kind, count }) => [kind, count]));

test('without the word of the site’s file, no such table leaves', async () => {
  const files = { ...tinyExport(), [path]: table(...rows) };
  for (const unsupported of [[], ['visitag-other'] as const]) {
    const { names, study } = await written(files, unsupported);
    assert.deepEqual(names, []);
    assert.deepEqual(countsOf(study), { 'visitag-pfa': 1 });
    assert.deepEqual(study.warnings, []);
  }
});

test('a named kind leaves as a table of numbers: cells to the byte, counters mapped, unknown names coded', async () => {
  const { names, texts, study } = await written({ ...tinyExport(), [path]: table(...rows) });
  assert.match(names[0]!, /^VisiTagExport\/Table-[a-z]{8}_PFA\.txt$/);
  const [head = '', ...body] = texts[0]!.split('\r\n');
  assert.match(head, /^ +TimeStamp +Session +Column-[a-z]{8} +X +Column-[a-z]{8}$/);
  assert.deepEqual(body, [...rows.map((row) => row.replace('9300', '   1')), '']);
  assert.deepEqual(countsOf(study), {});
});

test('the same table gives the same bytes by the proof of blocks and line by line, however large', async () => {
  const row = (at: number) => rows[0]!.replace('700100', String(700_100 + at));
  const many = Array.from({ length: 12_000 }, (_, at) => row(at));
  const { texts } = await written({ ...tinyExport(), [path]: table(...many) });
  assert.equal(
    texts[0]!.split('\r\n').slice(1).join('\r\n'),
    `${many.join('\r\n')}\r\n`.replaceAll(' 9300 ', '    1 '),
  );
});

test('tables between tabs; of every kind that can be named', async () => {
  const tabs = 'PiuTimeStamp\tTip Sensor\t\r\n700100\t37.25\t\r\n';
  const { names, texts } = await written(
    {
      ...tinyExport(),
      'TemperaturesInRF_1-LA_700100.txt': tabs,
      'RF_CARTO_TO_nMARQ_SESSIONS_MAPPING.txt': tabs,
      'VisiTagExport/Novelty.txt': tabs,
    },
    unsupportedKinds,
  );
  assert.equal(names.length, 3);
  for (const name of names) assert.match(name, /^(?:VisiTagExport\/)?Table-[a-z]{8}\.txt$/);
  for (const text of texts) assert.match(text, /^PiuTimeStamp\tColumn-[a-z]{8}\t\r\n700100\t37.25\t\r\n$/);
});

test('what is not a table of numbers within bounds stays behind, whole, and is told', async () => {
  const bad = [
    table(...rows, rows[0]!.replace('12.50', 'Jane ')),
    table(...rows, rows[0]!.replace('12.50', '4711234')),
    table(...rows, rows[0]!.replace('12.50', '')),
    table(...rows, 'seen by Jane Doe'),
    table(rows[0]!.replace('12.50', '12/03/61')),
    `PFA 1.0\r\n${table(...rows)}`,
    '',
    '\u0001\u0002',
  ];
  for (const text of bad) {
    const { names, study } = await written({ ...tinyExport(), [path]: text });
    assert.deepEqual(names, [], text);
    assert.deepEqual(countsOf(study), { 'visitag-pfa': 1 });
    assert.deepEqual(study.warnings, [{ code: 'unrecognised', kind: 'visitag-pfa', count: 1 }]);
  }
});

test('digits that staff typed elsewhere hold the case when they stand in such a table', async () => {
  for (const [comment, digits] of [
    ['record 4711234', '4711234'],
    ['dob 17.4.1953', '19530417'],
  ] as const) {
    const files = { ...tinyExport({ comment }), [path]: table(rows[0]!, rows[1]!.replace('700200', digits)) };
    await assert.rejects(written(files), (error) => error instanceof CartoError && error.code === 'PHI_SUSPECTED');
    await written({ ...files, [path]: table(...rows) });
  }
});

test('a name in the header of such a table is looked for everywhere', async () => {
  const files = tinyExport();
  const point = Object.keys(files).find((name) => /^ContactForceInRF/.test(name))!;
  const named = (digits: string) => ({
    ...files,
    [path]: table(...rows).replace('PulseCount', `MRN-${digits}`),
    [point]: files[point]!.toString().replace('700100', '4711234'),
  });
  const { study } = await written(named('4711234'));
  await assert.rejects(collect(study.files), (error) => error instanceof CartoError && error.code === 'PHI_SUSPECTED');
  await collect((await written(named('4711235'))).study.files);
});
