import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { passAlways } from '../../core/gate-flag.ts';
import { CartoError } from '../error.ts';
import { readStudy } from '../read/read-study.ts';
import { memorySource } from '../testing/memory-source.ts';
import { tinyExport } from '../testing/tiny-export.ts';
import { checkStudy } from './check-study.ts';

const files: Record<string, string | Buffer> = {
  ...tinyExport(),
  'PaSoExport/IS1.txt': 'ID: 3\nName: IS\nReference IS\nECG:\n    I   II\n   12  -34\n',
  'PaSoExport/ISISCorrelations.txt': '1 Correlated to 2\n System Average: 0.887\n System WOI: 5 125\n',
};

const damage = fc.record({
  path: fc.constantFrom(...Object.keys(files)),
  place: fc.nat({ max: 6000 }),
  length: fc.nat({ max: 60 }),
  by: fc.oneof(
    fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes)),
    fc.constantFrom('nan', '-1e300', '1e300', '0', '-', '99999999', '\r\n', '"/>').map((text) => Buffer.from(text)),
  ),
});

test('whatever bytes of whatever file change: the study is checked, or refused with a CartoError; no value is without end', async () => {
  const seed = Number(process.env.VESTIBULE_SEED ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`seed ${seed}`);
  const property = fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 3 }), async (damages) => {
    const changed = { ...files };
    for (const { path, place, length, by } of damages) {
      const content = Buffer.from(changed[path] as string);
      const at = place % (content.length + 1);
      changed[path] = Buffer.concat([content.subarray(0, at), by, content.subarray(at + length)]);
    }
    try {
      const { results } = await checkStudy(await readStudy(memorySource(changed), passAlways), passAlways);
      for (const { found = 0, expected = 0, deviation = 0 } of results) {
        assert.ok([found, expected, deviation].every(Number.isFinite));
      }
    } catch (error) {
      if (!(error instanceof CartoError)) throw error;
    }
  });
  await fc.assert(property, { seed: 11, numRuns: 60 });
  await fc.assert(property, { seed, numRuns: 60 });
});
