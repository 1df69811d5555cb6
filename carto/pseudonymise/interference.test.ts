import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { passAlways } from '../../core/gate-flag.ts';
import { CartoError } from '../error.ts';
import { collect, memorySource } from '../testing/memory-source.ts';
import { testSite } from '../testing/test-site.ts';
import { tinyExport } from '../testing/tiny-export.ts';
import { rules } from './rules.ts';
import { transform } from './transform.ts';

/**
 * What staff typed must not make a difference: two exports that differ in nothing but a name have the same output, or
 * are refused for the same reason. That finds leaks of any form and encoding, and needs no list of what to look for.
 */

const files = Object.fromEntries(Object.entries(tinyExport()).map(([path, content]) => [path, Buffer.from(content)]));
const place = fc.record({ path: fc.constantFrom(...Object.keys(files)), at: fc.nat({ max: 6000 }) });

/**
 * Names of two or more letters, and numbers with a letter or dash: none is a word of the format, all are of one length. A
 * number split by spaces would be cells of a table, and in a column of times nobody can tell them from times.
 */
const plants: readonly [string, string][] = [
  ['Li', 'Wu'],
  ['Kowalczyk', 'Brunhilde'],
  ['M\u00fcller', 'K\u00f6hler'],
  ['\u0418\u0432\u0430\u043d', '\u041f\u0435\u0442\u0440'],
  ['K4711238', 'K0815001'],
  ['SN-4711-A', 'SN-0815-B'],
  ['+49-176-5550199', '+49-176-5550742'],
  ['123-45-6789', '987-65-4321'],
  ['17-Apr-1953', '03-Dec-1961'],
  ['1953/04/17', '1961/12/03'],
  ['10.0.0.17', '10.0.0.98'],
  ['a.doe@x.org', 'b.roe@y.org'],
  ['"><Li a="', '"><Wu b="'],
  ['<!--Li-->', '<!--Wu-->'],
  ['&#76;&#105;', '&#87;&#117;'],
];
const plant = fc.constantFrom(...plants);
const around = fc.constantFrom(
  ['', ''],
  [' ', ' '],
  ['"', '"'],
  ['\t', '\t'],
  ['\r\n', '\r\n'],
  ['=', ''],
  ['; ', '\r\n'],
);

async function outcome(planted: Record<string, Buffer>): Promise<Record<string, string>> {
  let drawn = 0;
  const letters = () => `x${'bcdfghjkmnpqrstvwxz'.at(drawn++ % 19)}${'bcdfghjkmnpqrstvwxz'.at(drawn % 17)}qq`;
  try {
    const options = { ...testSite, rules, scan: true, letters };
    const written = await collect((await transform(memorySource(planted), passAlways, options)).files);
    return Object.fromEntries(Object.entries(written).map(([name, bytes]) => [name, spaced(bytes)]));
  } catch (error) {
    assert.ok(error instanceof CartoError, `${(error as Error).stack}`);
    return { refused: `${error.code} ${error.message}` };
  }
}

/** Names differ in length, and so may what stands between columns. */
function spaced(bytes: Buffer): string {
  return bytes.toString('latin1').replaceAll(/[ \t]+/g, ' ');
}

test('whichever of two names stands at a place of a file, the output is the same', async () => {
  await fc.assert(
    fc.asyncProperty(place, plant, around, async ({ path, at }, pair, [lead, tail]) => {
      const outcomes = pair.map((text) => {
        const content = files[path]!;
        const cut = at % (content.length + 1);
        const planted = Buffer.from(`${lead}${text}${tail}`);
        return outcome({ ...files, [path]: Buffer.concat([content.subarray(0, cut), planted, content.subarray(cut)]) });
      });
      const [one, other] = await Promise.all(outcomes);
      assert.deepEqual(one, other);
    }),
    { numRuns: 250 },
  );
});

test('whichever of two names the study, a map, a tag, a preset or a comment bears, the output is the same', async () => {
  const field = fc.constantFrom('study', 'first', 'second', 'shell', 'shortTag', 'fullTag', 'preset', 'comment');
  const text = fc.constantFrom(...plants.filter(([one]) => !/[/<"&]/.test(one)));
  await fc.assert(
    fc.asyncProperty(field, text, async (name, pair) => {
      const [one, other] = await Promise.all(
        pair.map((typed) => {
          const named = tinyExport({ [name]: name === 'shell' ? `${typed}.mesh` : typed });
          return outcome(Object.fromEntries(Object.entries(named).map(([path, c]) => [path, Buffer.from(c)])));
        }),
      );
      assert.ok(!('refused' in one!), one!.refused);
      assert.deepEqual(one, other);
    }),
    { numRuns: 60 },
  );
});
