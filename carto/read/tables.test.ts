import assert from 'node:assert/strict';
import { test } from 'node:test';
import { passAlways } from '../../core/gate-flag.ts';
import { failing, fileOf } from '../testing/one-file.ts';
import { readCar } from './car.ts';
import { readContactForce } from './contact-force.ts';
import { withElectrodes } from './electrodes.ts';
import { electrodesOf } from './rf-electrodes.ts';
import { readTable, rowsOf } from './table.ts';

const table = (text: string, style: 'blanks' | 'tabs' = 'blanks', more: object = {}) =>
  readTable({ file: fileOf(text), kind: 'sites', checkpoint: passAlways, style, required: [], ...more });

test('car rows of every version by place, as many columns as the version has', async () => {
  const base = ['P', 0, 12, 0, 1.5, -2, 3, 0.1, 0.2, 0.3, 1.902, 0.024, -10000, 100.75, 2, 7, 1, 'A', 0, 18027];
  const longer = (length: number, at: Record<number, number>) =>
    Array.from({ length }, (_, column) => base[column] ?? at[column] ?? 0).join('\t');
  const car = (version: string, row: string) => readCar(fileOf(`${version} My map 1\r\n${row}\r\n\r\n`), passAlways);
  const row = { pointId: 12, positionMm: [1.5, -2, 3], unipolarMv: 1.902, bipolarMv: 0.024, impedanceOhm: 100.75 };
  const common = { ...row, pointType: 2, tagId: 7, catheterId: 18027 };
  assert.deepEqual((await car('VERSION_4_0', longer(21, {})))?.get(12), common);
  assert.deepEqual((await car('VERSION_5_0', longer(27, {})))?.get(12), common);
  assert.deepEqual((await car('VERSION_6_0', longer(46, { 32: -80, 33: 120, 45: 2000 })))?.get(12), {
    ...common,
    window: { fromMs: -80, toMs: 120 },
    referenceSample: 2000,
  });
  assert.equal(await car('VERSION_7_0', longer(46, {})), undefined);
  await assert.rejects(car('VERSION_5_0', base.slice(0, 19).join('\t')), failing('UNREADABLE', 'car', 2));
});

test('a table: CRLF or LF, blanks behind, a decimal comma, what stands for missing, text among numbers', async () => {
  const text =
    '   Time   Power  Polarity  Irrigation   \n  700100   8,25       UNI          -1   \n  700200 -10000        BI  2147483647   \n';
  for (const all of [text, text.replaceAll('\n', '\r\n'), text.trimEnd()]) {
    const found = await table(all, 'blanks', { missing: { Irrigation: -1 } });
    assert.deepEqual(
      found.columns.map((name) => [...(found.column(name) ?? [])]),
      [
        [700_100, 700_200],
        [8.25, Number.NaN],
        [Number.NaN, Number.NaN],
        [Number.NaN, Number.NaN],
      ],
    );
  }
});

test('a header alone, or nothing at all, is an empty table', async () => {
  const header = await table('   TimeStamp  Session  X  Y  Z  Valid   \r\n\r\n');
  assert.deepEqual([header.rows, header.columns.length, [...(header.column('X') ?? [0])]], [0, 6, []]);
  assert.deepEqual([(await table('')).rows, (await table('\r\n \r\n')).rows], [0, 0]);
});

test('a required column that is missing or holds a word, a row of another width, too many columns: refused with the line', async () => {
  const required = { required: ['Time'] };
  await assert.rejects(table('A B\n1 2\n', 'blanks', required), failing('UNREADABLE', 'sites', 1));
  await assert.rejects(table('Time B\nx 2\n', 'blanks', required), failing('UNREADABLE', 'sites', 2));
  await assert.rejects(table('A B\n1 2\n1 2 3\n'), failing('UNREADABLE', 'sites', 3));
  await assert.rejects(table(`${'A '.repeat(3000)}\n`), failing('UNREADABLE', 'sites', 1));
  await assert.rejects(table('A'.repeat(2 ** 20 + 2)), failing('UNREADABLE', 'sites'));
});

test('in parts the rows are the same', async () => {
  const rows = Array.from({ length: 40_000 }, (_, row) => `${row} ${row % 7}\r\n`).join('');
  const file = fileOf(`A B\r\n${rows}`, 'grids', 1 << 16);
  const parts: number[] = [];
  let next = 0;
  for await (const part of rowsOf({ file, kind: 'grids', checkpoint: passAlways, style: 'blanks', required: [] })) {
    parts.push(part.rows);
    for (const value of part.column('A') ?? []) assert.equal(value, next++);
  }
  assert.equal(next, 40_000);
  assert.ok(parts.length > 2);
});

test('electrodes by the order of rows: numbers restart on every spline, some are missing, some splines have one', async () => {
  const track = async (rows: readonly (readonly [number, number])[]) => {
    const lines = rows.map(([number, time]) => `${number}\t${time}\t0.5\t1\t-2\t\r\n`);
    const found = await table(`Electrode#\tTime\tX\tY\tZ\t\r\n${lines.join('')}\r\n`, 'tabs');
    return withElectrodes(found).electrodes.map(({ spline, number, rows }) => [spline, number, rows]);
  };
  assert.deepEqual(
    await track([
      [1, 4],
      [2, 4],
      [1, 4],
      [2, 4],
      [4, 4],
      [1, 4],
    ]),
    [
      [0, 1, 1],
      [0, 2, 1],
      [1, 1, 1],
      [1, 2, 1],
      [1, 4, 1],
      [2, 1, 1],
    ],
  );
  assert.deepEqual(
    await track([
      [1, 4],
      [1, 21],
      [2, 4],
      [2, 21],
      [1, 4],
      [1, 21],
      [1, 4],
      [1, 21],
    ]),
    [
      [0, 1, 2],
      [0, 2, 2],
      [1, 1, 2],
      [2, 1, 2],
    ],
  );
  assert.deepEqual(await track([]), []);
});

test('generator columns by name: one electrode, many, and older files with fewer columns', async () => {
  const of = async (header: string, row: string) => electrodesOf(await table(`${header}\r\n${row}\r\n`, 'tabs'));
  const usual = await of(
    'PiuTimeStamp\tIrrigation\tPower Mode\tAblTime1\tPower1\tImpedance1\tDistalTemperature1\tProximalTemperature1\t',
    '1\t2\t0\t100\t30\t110\t37\t0\t',
  );
  assert.deepEqual(
    usual.map(({ number, powerW, impedanceOhm, distalC }) => [number, powerW?.[0], impedanceOhm?.[0], distalC?.[0]]),
    [[1, 30, 110, 37]],
  );
  const many = await of('PiuTimeStamp\tPower2\tImpedance2\tPower1\tImpedance1\tPower10\t', '1\t20\t102\t10\t101\t5\t');
  assert.deepEqual(
    many.map(({ number, powerW, distalC }) => [number, powerW?.[0], distalC]),
    [
      [1, 10, undefined],
      [2, 20, undefined],
      [10, 5, undefined],
    ],
  );
  const old = await of('Time\tPower\tImpedance\tTemperature\t', '1\t30\t110\t37\t');
  assert.deepEqual(
    old.map(({ number, powerW, distalC }) => [number, powerW?.[0], distalC?.[0]]),
    [[1, 30, 37]],
  );
});

test('the force of a point: means before the table, the trace in it; without a table it is damage', async () => {
  const text = `2-Map_P1_ContactForce.txt_2.0
Rate=50\tNumber =2\tDate:01/02/20\tPoint Time:10:11:12\tSystem Time:10:11:12\t
Mode=0
IntervalGraph=100
602100\t5,5\t135\t26\t0\t0\t0\t
IntervalNonGraph=1000
602600\t6.25\t132\t26\t0\t0\t0\t
Index\tTime\tTimestamp\tForceValue\tAxialAngle\tLateralAngle\t
1\t-7460\t592640\t5.25\t-238\t24\t
2\t-7410\t592690\t-6.5\t-227\t18\t
`;
  for (const all of [text, text.replaceAll('\n', '\r\n')]) {
    const { meanG, longMeanG, trace } = await readContactForce(fileOf(all), passAlways);
    assert.deepEqual([meanG, longMeanG, ...(trace.column('ForceValue') ?? [])], [5.5, 6.25, 5.25, -6.5]);
  }
  await assert.rejects(readContactForce(fileOf('x\ny\n'), passAlways), failing('UNREADABLE', 'contact-force'));
});
