import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Originals } from './originals.ts';

function terms(text: string): { words: string[]; mixed: string[]; numbers: number[] } {
  const originals = new Originals();
  originals.add(text);
  return {
    words: [...originals.words].sort(),
    mixed: [...originals.mixed],
    numbers: originals.numbers.flatMap((set) => [...set]).sort((a, b) => a - b),
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

test('a word with digits counts from four characters', () => {
  assert.deepEqual(terms('K4711 and K47').mixed, ['k4711']);
});
