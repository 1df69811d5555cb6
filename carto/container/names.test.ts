import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CartoError } from '../error.ts';
import { expectPlain, Names } from './names.ts';

const newNames = (maxDepth = 2) => new Names({ maxDepth, maxNameLength: 40 }, 'zip');
const code = (act: () => void): string | undefined => {
  try {
    act();
    return undefined;
  } catch (error) {
    assert.ok(error instanceof CartoError);
    return error.code;
  }
};

const unsafe = {
  'one folder up': '../x.txt',
  'up, further in': 'a/../../x.txt',
  'up, with the other slash': 'a\\..\\..\\x.txt',
  'up, at the end': 'a/..',
  'up, with a blank that Windows drops': 'a/.. /x.txt',
  'the root': '/etc/passwd',
  'the root, with the other slash': '\\x.txt',
  'a network share': '\\\\host\\share\\x.txt',
  'a drive': 'C:\\x.txt',
  'a drive without a root': 'c:x.txt',
  nothing: '',
  'an empty part': 'a//x.txt',
  'a part that is here': 'a/./x.txt',
  'a NUL': 'x.txt\0.exe',
  'a line feed': 'x\ny.txt',
  'an escape': 'x\u001b[2J.txt',
  'a control character of the upper half': 'x\u0085.txt',
  'half a pair of surrogates': 'x\ud800.txt',
  'more than the limit': `${'x'.repeat(40)}y`,
};

for (const [what, name] of Object.entries(unsafe)) {
  test(`refused as a name: ${what}`, () => {
    assert.equal(
      code(() => newNames().file(name)),
      'UNSAFE_NAME',
    );
  });
}

test('names that exports have pass, with one kind of slash and in the composed form', () => {
  const names = newNames();
  const given = [
    'Study 1 11_25_2021 15-01-32.xml',
    'VisiTagExport\\Sites.txt',
    './1-1-ReMap(2)..x_car.txt',
    'Mu\u0308ller.mesh',
  ];
  assert.deepEqual(
    given.map((name) => names.file(name)),
    ['Study 1 11_25_2021 15-01-32.xml', 'VisiTagExport/Sites.txt', '1-1-ReMap(2)..x_car.txt', 'M\u00fcller.mesh'],
  );
  assert.equal(newNames().file('x'.repeat(40)), 'x'.repeat(40));
});

const same = [
  ['x.txt', 'x.txt'],
  ['x.txt', 'X.TXT'],
  ['stra\u00dfe', 'STRASSE'],
  ['\u00e4', 'a\u0308'],
  ['\u00c4', 'a\u0308'],
  ['\u03c3', '\u03c2'],
  ['\u212a', 'k'],
  ['a\\b', 'a/b'],
  ['a/b', 'A'],
  ['A', 'a/b'],
] as const;
for (const [one, other] of same) {
  test(`some file system takes ${one} and ${other} for the same: refused`, () => {
    const names = newNames();
    names.file(one);
    assert.equal(
      code(() => names.file(other)),
      'UNSAFE_NAME',
    );
  });
}

test('a folder may be named before, after and twice; a file of its name may not be', () => {
  const names = newNames(3);
  for (const name of ['a/', 'a/b\\', 'A/', './']) names.folder(name);
  assert.equal(names.file('a/b/x'), 'a/b/x');
  assert.equal(
    code(() => names.file('a')),
    'UNSAFE_NAME',
  );
  assert.equal(
    code(() => names.folder('a/b/x')),
    'UNSAFE_NAME',
  );
});

test('folders below the cap pass, one more does not', () => {
  assert.equal(newNames().file('a/b/x'), 'a/b/x');
  for (const act of [() => newNames().file('a/b/c/x'), () => newNames().folder('a/b/c/')]) {
    assert.equal(code(act), 'TOO_LARGE');
  }
});

test('what is neither file nor folder is refused; what says nothing is a file', () => {
  for (const mode of [0, 0o644, 0o100644, 0o040755]) expectPlain(mode, 'zip');
  for (const mode of [0o120777, 0o020666, 0o060660, 0o010644, 0o140755]) {
    assert.equal(
      code(() => expectPlain(mode, 'zip')),
      'UNSAFE_NAME',
    );
  }
});
