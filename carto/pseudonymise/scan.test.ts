import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CartoError } from '../error.ts';
import { lexiconOf } from './lexicon.ts';
import { Originals } from './originals.ts';
import { rules } from './rules.ts';
import { OutputScan } from './scan.ts';

const originals = new Originals();
for (const name of ['Doe, Jane 4711234', 'MRN K47112', '0176-555 0199', 'born 12.03.1961', '1-Map', 'LA ReMap 2']) {
  originals.add(name);
}
const terms = { originals, lexicon: lexiconOf(rules), codeWords: new Set(['bcdfghjk']) };

/** The rule that fires on a text handed over in pieces, or undefined. */
function hit(text: string | Uint8Array, cuts: readonly number[] = []): string | undefined {
  const bytes = Buffer.from(text as string);
  const scan = new OutputScan(terms, 'mesh');
  try {
    let from = 0;
    for (const cut of [...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]) {
      scan.feed(bytes.subarray(from, cut));
      from = cut;
    }
    scan.end();
    return undefined;
  } catch (error) {
    assert.ok(error instanceof CartoError && error.code === 'PHI_SUSPECTED' && error.kind === 'mesh');
    assert.doesNotMatch(`${error.message} ${error.hint}`, /jane|doe|4711/i);
    return /rule ([\w-]+)/.exec(error.message)?.[1];
  }
}

test('what the format writes passes', () => {
  for (const text of [
    '<Map Name="Map-bcdfghjk" Index="1" Volume="79.9473">\r\n',
    '       0 =        -8.317       -22.594        15.708    -0.48343  -0.58610   0.65022        0\r\n',
    '           510582522              22.500',
    '<GUID>00000000-0000-0000-0000-000000000001</GUID>',
    'M1-M2(92)  20A_3-20A_4(115) CS1-CS2(101)',
    '1.5e-05 -nan(ind) 1.#QNAN',
    'VERSION_5_0 Map-bcdfghjk',
    'RF_Map-bcdfghjk_10.txt Map-bcdfghjk_ECG_Export_13140188.txt',
    Buffer.from('µBi[ColorsScaleSection]', 'latin1'),
    'µBi',
    'Year: 2019 Month: 7 Day: 9 00:00:00',
  ]) {
    assert.equal(hit(text), undefined, String(text));
  }
});

test('each rule fires on what it is for', () => {
  const cases: [string | Uint8Array, string][] = [
    ['<Tag Full_Name="JANE" />', 'original-word'],
    ['<Tag Full_Name="Jane" />', 'original-word'],
    ['xJane', 'unknown-word'],
    ['K47112', 'original-mixed-word'],
    ['7  4711234  9', 'original-number'],
    ['0.5 4711234.5', 'original-number'],
    ['0176 5550199', 'original-number'],
    ['01765550199', 'original-number'],
    ['(0176)5550199', 'original-number'],
    ['12031961', 'original-number'],
    ['19610312', 'original-number'],
    ['11/25/21', 'date'],
    ['11_25_2021', 'date'],
    ['2021-11-25', 'date'],
    ['25-11-2021', 'date'],
    ['12.03.61', 'date'],
    ['10:11', 'date'],
    ['00:00:01', 'date'],
    ['00:10', 'date'],
    ['10:00', 'date'],
    ['7:00:00', 'date'],
    ['192.168.0.1', 'date'],
    ['Müller', 'character'],
    [Buffer.from('M\u00fcller', 'latin1'), 'character'],
    [Buffer.from('1 2', 'utf16le'), 'character'],
    [Buffer.of(0xc2), 'character'],
    [Buffer.of(0xc2, 0x41), 'character'],
  ];
  for (const [text, rule] of cases) assert.equal(hit(text), rule, String(text));
});

test('numbers count only as a whole: not inside a longer one, not behind a decimal point', () => {
  for (const text of ['14711234', '47112345', '0.4711234', '12,4711234']) assert.equal(hit(text), undefined, text);
});

test('single digits in a row are a list, no number in parts', () => {
  const listed = new Originals();
  listed.add('case 100001');
  const scan = new OutputScan({ ...terms, originals: listed }, 'mesh');
  scan.whole('Matrix = 1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1');
  assert.throws(() => scan.whole('1000 01'), /original-number/);
});

test('a phone number with a decimal point in it is found, a measured value is not taken for one', () => {
  assert.equal(hit('1 0176.5550199 2'), 'original-number');
  assert.equal(hit('1 47.11234 2'), undefined);
});

const row = (stamp: number) => `             ${stamp}               12.500                  UNI\r\n`;
const rows = (stamps: readonly number[]) =>
  `           TimeStamp            Impedance  Polarity\r\n${stamps.map(row).join('')}`;

test('a time stamp that reads like a number that staff typed is none of theirs among its neighbours', () => {
  for (const stamps of [
    [4711134, 4711234, 4711334],
    [4711234, 4711334],
    [4711134, 4711234],
  ]) {
    assert.equal(hit(rows(stamps)), undefined, stamps.join());
  }
  // Pieces end after whole lines, as writers hand them over.
  const text = rows([4711134, 4711234, 4711334]);
  for (let cut = text.indexOf('\n') + 1; cut > 0; cut = text.indexOf('\n', cut) + 1) {
    assert.equal(hit(text, [cut]), undefined, `${cut}`);
  }
  const long = rows(Array.from({ length: 2000 }, (_, at) => 4611234 + 100 * at));
  assert.equal(hit(long), undefined);
  assert.equal(hit(long, [9_000, 30_000, 60_003]), undefined);
});

test('a number that staff typed is found in a column where it stands alone or in every row', () => {
  for (const stamps of [[4198078, 4711234, 4198278], [4711234, 4711234, 4711234], [4711234], [10, 4711234, 20]]) {
    assert.equal(hit(rows(stamps)), 'original-number', stamps.join());
  }
  const alone = Array.from({ length: 2000 }, (_, at) => (at === 1500 ? 4711234 : 1000 + 100 * at));
  assert.equal(hit(rows(alone), [20_000, 50_000]), 'original-number');
});

test('a plant is found wherever pieces end', () => {
  const plants = fc.constantFrom('Jane', '4711234', '0176-5550199', '12/03/61', 'K47112', '2021-11-25', 'é');
  const cuts = fc.array(fc.nat(), { maxLength: 12 });
  fc.assert(
    fc.property(plants, fc.nat({ max: 90 }), cuts, (plant, place, places) => {
      const row = '       12.5   -3.25      100 UNI  4198078   0.000 = Point 17      -0.5      33      9\r\n';
      const at = row.indexOf(' ', Math.min(place, row.lastIndexOf(' ')));
      assert.notEqual(hit(`${row.slice(0, at)}  ${plant}  ${row.slice(at)}`, places), undefined);
      assert.equal(hit(row, places), undefined);
    }),
    { numRuns: 1000 },
  );
});
