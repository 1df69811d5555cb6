import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { passAlways } from '../../../core/gate-flag.ts';
import { CartoError } from '../../error.ts';
import { collect, type MemoryFiles, memorySource } from '../../testing/memory-source.ts';
import { testSite } from '../../testing/test-site.ts';
import { tinyExport } from '../../testing/tiny-export.ts';
import { Counters } from '../counters.ts';
import { Originals } from '../originals.ts';
import type { Desk } from '../pen.ts';
import { rules } from '../rules.ts';
import { transform } from '../transform.ts';
import { kernelBytes, layout } from './kernel.ts';
import { Prover, proofColumns } from './prover.ts';
import { webAssembly } from './wasm.ts';

/** Typed into the study's name: numbers that cells may hold by chance, or because somebody put them there. */
const typed = ['450123', '7001234', '1953.04.17', '44 12 99', '12345.6789'];
const study = `S ${typed.join(' x ')}`;
const map = '1-LA';

const digits = (max: number) => fc.integer({ min: 0, max: 10 ** max - 1 }).map(String);
const cell = fc.oneof(
  { weight: 12, arbitrary: digits(4) },
  { weight: 4, arbitrary: digits(5).map((text) => `-${text}`) },
  { weight: 6, arbitrary: fc.tuple(digits(3), digits(5)).map(([whole, part]) => `${whole}.${part}`) },
  { weight: 1, arbitrary: digits(7) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('-10000', '-10000.00000', '00012', '1e-5', '+3', '1,5', 'nan', 'NA', '-', '.5', '5.'),
  },
  { weight: 1, arbitrary: fc.constantFrom('450123', '7001234', '1953', '44', '12', '99', '123456789', '12345.6789') },
);
const clock = fc.integer({ min: 7_001_200, max: 7_001_300 }).map(String);
const session = fc.constantFrom('34398', '34399', '9', '0', '-1', '99999999999');

interface Table {
  readonly path: string;
  readonly lead: string;
  readonly columns: readonly fc.Arbitrary<string>[];
  readonly gap: (text: string) => string;
}

const wide = (text: string) => ` ${text}`.padStart(20);
const header = (names: string) => names.split(' ').map(wide).join('');
// biome-ignore format: one table per entry
const tables: readonly Table[] = [
  { path: `${map}_P1_ECG_Export.txt`, lead: 'ECG_Export_4.0\r\nRaw ECG to MV (gain) = 0.003000\r\nM1(1)   M2(2)   M1-M2(92)   I(110)   \r\n', columns: [cell, cell, cell, cell], gap: (text) => text.padEnd(8) },
  { path: `${map}_P2_ECG_Export.txt`, lead: 'ECG_Export_4.1\r\nRaw ECG to MV (gain) = 0.003000\r\n   M1(1)   M2(2)\r\n', columns: [cell, cell], gap: (text) => text.padStart(5) },
  { path: 'VisiTagExport/AblationData.txt', lead: `${header('TimeStamp Session ChannelID Polarity Impedance Power')}\r\n`, columns: [clock, session, fc.constant('0'), fc.constantFrom('UNI', 'UNI', 'BIP', 'NA', 'UN', 'Uwe'), cell, cell], gap: wide },
  { path: 'VisiTagExport/RawPositions.txt', lead: `${header('TimeStamp Session ChannelID X Y Z Valid')}\r\n`, columns: [clock, session, fc.constant('0'), cell, cell, cell, fc.constant('1')], gap: wide },
  { path: `RF_${map}_1.txt`, lead: 'PiuTimeStamp\tIrrigation\tPower Mode\tAblTime1\tPower1\t\r\n', columns: [clock, fc.constant('-1'), cell, cell, cell], gap: (text) => `${text}\t` },
  { path: `${map}_P1_CS_CONNECTOR_Eleclectrode_Positions.txt`, lead: 'Eleclectrode_Positions_2.0\r\nElectrode#\tTime\tX\tY\tZ\t\r\n', columns: [fc.constantFrom('1', '2'), digits(4), cell, cell, cell], gap: (text) => `${text}\t` },
];

/** A table of which most rows are what they should be, with a few bytes of it changed, or none. */
const written = (table: Table) =>
  fc
    .record({
      rows: fc.array(fc.tuple(...table.columns), { minLength: 1, maxLength: 12 }),
      end: fc.constantFrom('\r\n', '\r\n', '\n'),
      last: fc.constantFrom('', '\r\n', '\r\n\r\n', ' \t\r\n'),
      changes: fc.oneof(
        { weight: 2, arbitrary: fc.constant([]) },
        fc.array(fc.tuple(fc.nat(), fc.constantFrom(...'0123456789-+.,eE \t\r\n/:_xN()\0\u00b5')), { maxLength: 2 }),
      ),
    })
    .map(({ rows, end, last, changes }) => {
      let text = rows.map((cells) => cells.map((one) => table.gap(one)).join('')).join(end) + last;
      for (const [place, by] of changes) {
        const at = place % (text.length + 1);
        text = text.slice(0, at) + by + text.slice(at + 1);
      }
      return [table.path, Buffer.from(table.lead + text, 'latin1')] as const;
    });

const { path, lead } = tables[2] as Table;
/** A session that is no whole number, whose digits before the comma nobody has met. */
const beginsLikeCounter = [
  path,
  Buffer.from(`${lead}${['7001200', '3,398', '0', 'UNI', '0.0', '0'].map(wide).join('')}\r\n`),
] as const;

const given = fc.constantFrom(...tables).chain(written);

async function outcome(files: MemoryFiles, proof: (prover: Prover) => Desk['prover']) {
  const source = memorySource(files, { pieceBytes: 97 });
  try {
    const result = await transform(source, passAlways, { ...testSite, rules, scan: true, proof });
    const output: Record<string, Buffer | string> = {};
    let whole = true;
    for (const file of result.files) {
      try {
        Object.assign(output, await collect([file]));
      } catch (error) {
        assert.ok(error instanceof CartoError, `${(error as Error).stack}`);
        output[file.name] = error.message;
        whole = false;
      }
    }
    // Counters of a table that is refused may be known before it is: nothing of such a study goes on.
    return { output, warnings: result.warnings, linkage: whole ? result.linkage() : undefined };
  } catch (error) {
    assert.ok(error instanceof CartoError, `${(error as Error).stack}`);
    return { refused: error.message };
  }
}

test('what is proved would have been written to the same bytes, cell by cell, and the scan would have found nothing', async () => {
  const { [`${study}.xml`]: xml = '' } = tinyExport({ study });
  let proved = 0;
  let odd = 0;
  const counting = (prover: Prover) => ({
    prove: (...asked: Parameters<Prover['prove']>) => {
      const result = prover.prove(...asked);
      if (result) proved++;
      else odd++;
      return result;
    },
  });
  const property = fc.asyncProperty(given, async ([path, content]) => {
    const files = { [`${study}.xml`]: xml, [path]: content };
    assert.deepEqual(await outcome(files, counting), await outcome(files, () => undefined));
  });
  const seed = randomInt(2 ** 31);
  await fc.assert(property, { numRuns: 250, seed: 4711, examples: [[beginsLikeCounter]] });
  await fc.assert(property, { numRuns: 100, seed });
  assert.ok(proved > 150 && odd > 150, `proved ${proved}, odd ${odd}`);
});

test('the kernel is a valid module of some hundred bytes', () => {
  const bytes = kernelBytes();
  assert.ok(new webAssembly.Module(bytes));
  assert.ok(bytes.length < 1500, `${bytes.length}`);
});

test('a block of the largest size is proved, with or without its last line end; a larger one is not taken', () => {
  const scheme = { keptCounter: (_: string, value: number) => value, order: (values: readonly number[]) => values };
  const prover = new Prover({ originals: new Originals(), counters: new Counters({ scheme }) });
  const columns = proofColumns([{ cells: 'numbers', bounds: { below: 100 } }])!;
  const rows = (bytes: number) => Buffer.from('7\n'.repeat(Math.ceil(bytes / 2))).subarray(0, bytes);
  const { maxBlockBytes } = layout;
  assert.equal(prover.prove(rows(maxBlockBytes), columns)?.lines, maxBlockBytes / 2);
  assert.equal(prover.prove(rows(maxBlockBytes - 1), columns)?.lines, maxBlockBytes / 2);
  assert.equal(prover.prove(rows(maxBlockBytes + 1), columns), undefined);
});
