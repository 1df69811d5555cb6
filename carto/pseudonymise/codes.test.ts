import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Codes, isGeneratedCode } from './codes.ts';
import { Originals } from './originals.ts';
import { codedNames } from './rule.ts';
import { randomCode } from './scheme.ts';

const keptName = (_: string, name: string) => name;

function codes(letters: () => string = randomCode): Codes {
  return new Codes({ scheme: { letters, keptName }, originals: new Originals() });
}

test('one code per name and kind, another one in another study', () => {
  const [one, other] = [codes(), codes()];
  assert.equal(one.of('map', 'LA'), one.of('map', 'LA'));
  assert.notEqual(one.of('map', 'LA'), one.of('map', 'LA2'));
  assert.notEqual(one.of('map', 'LA'), other.of('map', 'LA'));
  assert.equal(one.of('map', 'Vorhöfe'.normalize('NFD')), one.of('map', 'Vorhöfe'.normalize('NFC')));
});

test('codes say nothing of the name and no map code begins another', () => {
  const one = codes();
  const made = Array.from({ length: 200 }, (_, at) => one.of('map', `Map ${at}`));
  assert.ok(made.every((code) => /^Map-[a-z]{8}$/.test(code)));
  assert.equal(new Set(made).size, made.length);
});

test('a source of codes that repeats itself, or repeats an original, is not used', () => {
  const originals = new Originals();
  originals.add('qqqq');
  const drawn = ['qqqq', 'wwww', 'wwww', 'zzzz'];
  const one = new Codes({ scheme: { letters: () => drawn.shift() ?? 'zzzz', keptName }, originals });
  assert.equal(one.of('map', 'a'), 'Map-wwww');
  assert.equal(one.of('map', 'b'), 'Map-zzzz');
  assert.throws(() => one.of('map', 'c'), RangeError);
});

test('names of the format stand for themselves, what looks like them does not', () => {
  let drawn = 0;
  const one = codes(() => `xx${'bcdfghjkm'.at(drawn++)}`);
  for (const [kind, name] of [
    ['connector', 'MAGNETIC_20_POLE_A_CONNECTOR'],
    ['channel', 'MCC_Dx_BiPolar_12'],
    ['channel', '20A_3-20A_4'],
    ['channel', 'aVF'],
    ['coloring', 'µBi'],
    ['formula', '# Tag Index'],
  ] as const) {
    assert.equal(one.of(kind, name), name);
  }
  assert.equal(one.of('tag', 'Mitral Mary'), 'Tag-xxb');
  assert.equal(one.of('tag', 'MA'), 'Tag-xxc', 'initials, as far as a name alone can tell');
  assert.equal(one.of('channel', 'M1 Mary'), 'Channel-xxd');
  assert.equal(one.of('channel', 'M471-123'), 'Channel-xxf');
  assert.equal(one.of('channel', 'CS04'), 'Channel-xxg');
  assert.equal(one.of('connector', 'MARY_CONNECTOR'), 'DEVICE_xxh_CONNECTOR');
  assert.equal(one.of('formula-id', '11111111-2222-4333-8444-555555555555'), '00000000-0000-0000-0000-000000000001');
});

test('the code of every kind of name is known by its form, and nothing else is', () => {
  const one = codes();
  for (const kind of codedNames) {
    const code = one.of(kind, 'Mary 12');
    assert.ok(isGeneratedCode(code), code);
    assert.ok(!isGeneratedCode(`${code}x`) && !isGeneratedCode(`x${code}`) && !isGeneratedCode(`${code}\n`), code);
  }
  for (const text of ['', 'Mary', 'Map-Mary', 'Map-bcdfghj', 'Shell-bcdfghjk', 'DEVICE_bcdfghjk', 'DEVICE_CONNECTOR']) {
    assert.ok(!isGeneratedCode(text), text);
  }
});
