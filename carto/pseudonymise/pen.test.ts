import assert from 'node:assert/strict';
import { test } from 'node:test';
import { passAlways } from '../../core/gate-flag.ts';
import { surveyExport } from '../survey.ts';
import { memorySource } from '../testing/memory-source.ts';
import { testSite } from '../testing/test-site.ts';
import { tinyExport } from '../testing/tiny-export.ts';
import { layDesk } from './desk.ts';
import { Pen } from './pen.ts';
import { type FieldOf, rules } from './rules.ts';
import { schemeOf } from './scheme.ts';

const source = memorySource(tinyExport());
const survey = await surveyExport(source, passAlways);
const desk = layDesk(source, survey, { rules, scheme: schemeOf({ ...testSite, study: survey.study }) });

test('a kind or field that the table lacks does not compile', () => {
  const pen = new Pen(desk, 'ecg');
  assert.equal(pen.write('gain', '0.003'), '0.003');
  // @ts-expect-error: no rule names it
  assert.equal(pen.write('operator', 'Jane'), undefined);
  // @ts-expect-error: it is a field of another kind
  assert.equal(pen.write('MeshName', 'Jane'), undefined);
  // @ts-expect-error: no rule names it
  assert.equal(pen.boundsOf('operator'), undefined);
  // @ts-expect-error: a pen of any kind knows no field; it writes what it finds
  assert.equal((pen as Pen).write('gain', '0.003'), '0.003');
  // @ts-expect-error: no kind without rules
  assert.equal(new Pen(desk, 'thumbnails').writeFound('gain', '0.003'), undefined);
  // @ts-expect-error: no part of a name without rules
  assert.equal(pen.namePart('patient', 'Jane'), '');
  const column: FieldOf<'car'> = '27';
  assert.equal(new Pen(desk, 'car').write(column, '650000'), '650000');
  // @ts-expect-error: nothing is known of this column
  const unknown: FieldOf<'car'> = '28';
  assert.equal(new Pen(desk, 'car').writeFound(unknown, '650000'), undefined);
});

test('a pen is handed to a writer of its own kind alone', () => {
  assert.equal(new Pen(desk, 'mesh').as('mesh').kind, 'mesh');
  assert.throws(() => (new Pen(desk, 'ecg') as Pen).as('mesh'), RangeError);
});

test('what a source names and no rule does is not written', () => {
  for (const field of ['operator', 'toString', '__proto__', '']) {
    assert.equal(new Pen(desk, 'ecg').writeFound(field, 'Jane'), undefined, field);
  }
});
