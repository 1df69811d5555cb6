import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lexiconOf } from './lexicon.ts';
import { ruleFor } from './rule.ts';
import { rules } from './rules.ts';
import { treatments, unsupportedTable } from './treatment.ts';
import { isChannel, isConnector, wordsOf } from './vocabulary.ts';

test('every kind that leaves has rules, and every rule belongs to a kind that leaves', () => {
  const treated = [...Object.entries(treatments), ['unsupported', unsupportedTable] as const].map(
    ([kind, treatment]) => treatment.rules ?? kind,
  );
  assert.deepEqual(new Set(Object.keys(rules)), new Set([...treated, 'file-name']));
});

test('a field without a rule has none: not by prefix, not by an inherited name', () => {
  assert.equal(ruleFor(rules.study, 'Study@Patient'), undefined);
  assert.equal(ruleFor(rules.study, 'toString'), undefined);
  assert.equal(ruleFor(rules.rf, 'Power12')?.do, 'keep');
  assert.equal(ruleFor(rules.rf, 'Power123'), undefined);
  assert.equal(ruleFor(rules.rf, 'Operator1'), undefined);
  assert.equal(ruleFor(rules.point, 'Connector@CS_CONNECTOR')?.do, 'refer');
  assert.equal(ruleFor(rules.point, 'ECG@Operator'), undefined);
  assert.equal(ruleFor(undefined, 'x'), undefined);
});

test('names that are kept as the format’s own pass the scan', () => {
  const lexicon = lexiconOf(rules);
  const names = [
    'M1',
    'M19-M20',
    'CS9-CS10',
    '20A_19-20',
    '20B_1',
    'MCC_Dx_UniPolar_3',
    'MCC_Abl_BiPolar_1',
    'MC Bipolar 1',
  ];
  names.push('I', 'II', 'aVL', 'V6', 'WCT_GND', 'LL', 'RA', 'DEC_1-2', 'QUAD_A_1-2', 'ULS_3');
  for (const name of names) assert.ok(isChannel(name), name);
  const sockets = ['NAVISTAR', 'CS', 'MAGNETIC_20_POLE_B', 'MEC', 'MCC_DX', 'DEC', 'QUAD_A', 'ULS'].map(
    (name) => `${name}_CONNECTOR`,
  );
  for (const name of sockets) assert.ok(isConnector(name), name);
  for (const word of [...names, ...sockets].flatMap(wordsOf)) assert.ok(lexicon.has(word), word);
});

test('nothing that names a person or a place is in the vocabulary', () => {
  const lexicon = lexiconOf(rules);
  for (const word of ['patient', 'hospital', 'operator', 'physician', 'birth', 'mrn', 'smith', 'jane']) {
    assert.ok(!lexicon.has(word), word);
  }
});
