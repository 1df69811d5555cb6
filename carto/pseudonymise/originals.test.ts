import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CartoError } from '../error.ts';
import { Originals } from './originals.ts';

function terms(text: string): { words: string[]; mixed: string[]; numbers: number[] } {
  const originals = new Originals();
  originals.add(text);
  return {
    words: [...originals.words].sort(),
    mixed: [...originals.mixed],
    numbers: [...new Set(originals.numbers.flatMap((set) => [...set]))].sort((a, b) => a - b),
  };
}

test('words of the format are not looked for', () => {
  for (const text of ['1-Map', 'Study 1', 'LA', 'Mitral Annulus', 'Point Export', 'CS1-CS2', '20A_3-4', 'NA']) {
    assert.deepEqual(terms(text), { words: [], mixed: [], numbers: [] }, text);
  }
  assert.deepEqual(terms('1-1-ReMap').words, ['remap']);
});

test('names are taken apart into words, whatever is between them', () => {
  assert.deepEqual(terms('2-LA_Doe.Jane (redo)').words, ['doe', 'jane', 'redo']);
  assert.deepEqual(terms('Ng').words, ['ng']);
});

test('the stamp of the export is not looked for, a date of birth is, in every order', () => {
  assert.deepEqual(terms('Study 1 11_25_2021 15-01-32').numbers, []);
  assert.deepEqual(terms('Export_Study-1-11_25_2021-15-01-32').numbers, []);
  assert.deepEqual(terms('Doe 3.4.1961').numbers, [3041961, 4031961, 19610304, 19610403]);
});

test('a record number beside a date is not lost in it', () => {
  assert.ok(terms('4711234_11_25_2021 15-01-32').numbers.includes(4711234));
  assert.ok(terms('4711234 3.4.1961').numbers.includes(4711234));
});

test('a phone number is found without its separators; short numbers are the format’s own', () => {
  assert.ok(terms('0176-555 0199').numbers.includes(1765550199));
  assert.deepEqual(terms('Map 12345').numbers, []);
});

test('zeros in front of a number say nothing: it is looked for with more of them, and with fewer', () => {
  for (const typed of ['70471123', '0070471123']) {
    const originals = new Originals();
    originals.add(typed);
    const lengths = originals.numbers.flatMap((set, length) => (set.has(70471123) ? [length] : []));
    assert.deepEqual(lengths, [8, 9, 10, 11, 12, 13, 14, 15]);
  }
});

test('a word with digits counts from four characters', () => {
  assert.deepEqual(terms('K4711 and K47').mixed, ['k4711']);
});

test('a social security number is no date, and is found', () => {
  assert.ok(terms('SSN 123-45-6789').numbers.includes(123456789));
});

test('a date of birth is found by its digits however it was typed', () => {
  for (const text of ['17.4.53', '17-Apr-1953', 'April 17 1953'])
    assert.ok(terms(text).numbers.includes(19530417), text);
});

test('what the export’s own file names hold is not looked for', () => {
  const originals = new Originals(new Set(['p1234']));
  originals.add('P1234 and P12345');
  assert.deepEqual([...originals.mixed], ['p12345']);
});

test('more names than a study has are refused before they fill the memory', () => {
  const originals = new Originals();
  const word = (n: number) => n.toString(26).replaceAll(/\d/g, (digit) => 'qrstuvwxyz'.at(Number(digit)) ?? '');
  assert.throws(
    () => originals.add(Array.from({ length: 300_000 }, (_, n) => `x${word(n)}`).join(' ')),
    (error) => error instanceof CartoError && error.code === 'TOO_LARGE',
  );
});
