import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { passAlways } from '../../core/gate-flag.ts';
import { failing, fileOf } from '../testing/one-file.ts';
import { readEcg } from './ecg.ts';

const read = (text: string, pieceBytes?: number) => readEcg(fileOf(text, 'ecg.txt', pieceBytes), passAlways);
const gain = 'Raw ECG to MV (gain) = 0.003000';
const mapping = 'Unipolar Mapping Channel=M1 Bipolar Mapping Channel=MC Bipolar 1 Reference Channel=CS1-CS2';
const left = (cells: readonly (string | number)[], width = 30) =>
  cells.map((cell) => String(cell).padEnd(width)).join('');
const right = (cells: readonly (string | number)[], width = 10) =>
  cells.map((cell) => String(cell).padStart(width)).join('');
const values = (ecg: Awaited<ReturnType<typeof read>>) =>
  ecg.channels.map(({ name, number, counts }) => [name, number, ...counts]);

test('4.0: four lines of header, cells of thirty characters on the left; CRLF or LF, with or without a last line end', async () => {
  const lines = [
    'ECG_Export_4.0',
    gain,
    mapping,
    left(['M1(1)', '20A_3-4(115)', 'aVF(173)']),
    left([12, -1, 0]),
    left([-34, 7, 12345]),
  ];
  for (const end of ['\r\n', '\n']) {
    for (const tail of ['', end, end + end]) {
      const ecg = await read(lines.join(end) + tail);
      assert.deepEqual(values(ecg), [
        ['M1', 1, 12, -34],
        ['20A_3-4', 115, -1, 7],
        ['aVF', 173, 0, 12345],
      ]);
      assert.deepEqual([ecg.version, ecg.mvPerCount, ecg.samples, ecg.sampleRateHz], ['4.0', 0.003, 2, 1000]);
      assert.deepEqual(ecg.mapping, { unipolar: 'M1', bipolar: 'MC Bipolar 1', reference: 'CS1-CS2' });
    }
  }
});

test('4.1: three lines of header, cells of ten characters on the right, names with blanks', async () => {
  const names = '   MC Bipolar 1(90)  MCC_Dx_UniPolar_2(7)';
  const ecg = await read(['ECG_Export_4.1', gain, names, right([5, -6]), right([-32768, 32767]), ''].join('\r\n'));
  assert.deepEqual(values(ecg), [
    ['MC Bipolar 1', 90, 5, -32768],
    ['MCC_Dx_UniPolar_2', 7, -6, 32767],
  ]);
  assert.equal(ecg.mapping, undefined);
});

test('3.0, a line more before the mapping, no line of gain, cells that touch a tab', async () => {
  const lines = ['ECG_Export_3.0', 'Something Else=1', mapping, 'M1(1) V1(22)', '1\t2', '3 4 '];
  const ecg = await read(lines.join('\n'));
  assert.deepEqual([ecg.version, ecg.mvPerCount, ...values(ecg)], ['3.0', 0.003, ['M1', 1, 1, 3], ['V1', 22, 2, 4]]);
});

test('any counts in any width, cut into any pieces, read as they were written', async () => {
  const shape = fc.record({
    channels: fc.integer({ min: 1, max: 7 }),
    width: fc.constantFrom(1, 10, 30),
    rows: fc.integer({ min: 0, max: 150 }),
    pieceBytes: fc.constantFrom(1, 7, 64, 1000, 1 << 18),
    seed: fc.integer({ min: 1, max: 1000 }),
  });
  await fc.assert(
    fc.asyncProperty(shape, async ({ channels, width, rows, pieceBytes, seed }) => {
      const count = (row: number, at: number) =>
        (((row * 7919 + at * 104729) * seed) % 999_999_999) * (at % 2 === 0 ? 1 : -1);
      const names = Array.from({ length: channels }, (_, at) => `C${at}(${at})`).join(' ');
      const row = (n: number) =>
        Array.from({ length: channels }, (_, at) => ` ${count(n, at)}`.padStart(width)).join('');
      const text = ['ECG_Export_4.1', gain, names, ...Array.from({ length: rows }, (_, n) => row(n))].join('\r\n');
      const ecg = await read(text, pieceBytes);
      assert.equal(ecg.samples, rows);
      for (const [at, { counts }] of ecg.channels.entries()) {
        assert.deepEqual(
          [...counts],
          Array.from({ length: rows }, (_, n) => count(n, at) + 0),
        );
      }
    }),
    { numRuns: 40 },
  );
});

test('a file longer than usual grows', async () => {
  const rows = Array.from({ length: 6000 }, (_, row) => `${row} ${-row}`);
  const ecg = await read(['ECG_Export_4.1', gain, 'A(1) B(2)', ...rows].join('\n'));
  assert.equal(ecg.samples, 6000);
  assert.deepEqual([ecg.channels[0]?.counts[5999], ecg.channels[1]?.counts[5999]], [5999, -5999]);
});

test('too few or too many cells, no integer, no channels: refused with the line', async () => {
  const head = `ECG_Export_4.0\r\n${gain}\r\n${left(['M1(1)', 'M2(2)'])}\r\n`;
  for (const [row, line] of [
    ['1 2\r\n3\r\n', 5],
    ['1 2\r\n\r\n3 4 5\r\n', 6],
    ['1 2.5\r\n', 4],
    ['1 Jane\r\n', 4],
    ['1 12-3\r\n', 4],
    ['1 -\r\n', 4],
    ['1 --2\r\n', 4],
    ['1 1234567890\r\n', 4],
    ['1 2\r\n7', 5],
  ] as const) {
    await assert.rejects(read(head + row), failing('UNREADABLE', 'ecg', line), row);
  }
  await assert.rejects(read(`ECG_Export_4.0\r\n${gain}\r\n`), failing('UNREADABLE', 'ecg'));
  await assert.rejects(read('something\n'), failing('UNREADABLE', 'ecg', 1));
});

test('a header line of the mapping’s words again and again is read in one go', async () => {
  const line = `${mapping} `.repeat(500);
  const ecg = await read(['ECG_Export_4.0', gain, line, 'M1(1)', '1'].join('\n'));
  assert.equal(ecg.mapping?.unipolar, 'M1');
});
