import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { passAlways } from '../../core/gate-flag.ts';
import { CartoError } from '../error.ts';
import { readStudy } from '../read/read-study.ts';
import { bytesOf, canaries, findCanaries } from '../testing/canaries.ts';
import { collect, memorySource } from '../testing/memory-source.ts';
import { testSite } from '../testing/test-site.ts';
import { tinyExport } from '../testing/tiny-export.ts';
import { pseudonymise } from './pseudonymise.ts';

const { family, record, birth, phone } = canaries;
// Staff typed the numbers in two places, which is how the scan knows them: digits alone say nothing.
const files = tinyExport({ comment: `${record} ${phone}`, fullTag: `${record} ${phone}` });
const path = fc.constantFrom(...Object.keys(files));

type Files = Record<string, Buffer | string>;

/** One file with some bytes exchanged for others. */
function damaged(name: string, place: number, length: number, by: Buffer): Files {
  const content = Buffer.from(files[name] as string);
  const at = place % (content.length + 1);
  return { ...files, [name]: Buffer.concat([content.subarray(0, at), by, content.subarray(at + length)]) };
}

/** The output, or undefined when the export was refused; anything but a CartoError is a failure. */
async function attempt<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    assert.ok(error instanceof CartoError, `${(error as Error).stack}`);
    return undefined;
  }
}

async function written(input: Files): Promise<Record<string, Buffer>> {
  return collect((await pseudonymise(memorySource(input), passAlways, testSite)).files);
}

const place = fc.nat({ max: 5000 });
const bytes = fc.uint8Array({ maxLength: 6 }).map((array) => Buffer.from(array));

test('whatever bytes of whatever file change: it is read and written, or refused with a CartoError', async () => {
  await fc.assert(
    fc.asyncProperty(path, place, fc.nat({ max: 40 }), bytes, async (name, at, length, by) => {
      const input = damaged(name, at, length, by);
      await attempt(readStudy(memorySource(input), passAlways));
      await attempt(written(input));
    }),
    { numRuns: 150 },
  );
});

test('wherever in whatever file an identifier is put: it is not in the output', async () => {
  const words = [family, `"${family}"`, ` ${family} `, `${family}${record}`, `\r\n${family}\r\n`, `=${family}`];
  // A number counts as a whole only: digits in the midst of others are no longer it.
  const numbers = [` ${record} `, `"${record}"`, `\t${record}\t`, ` ${phone} `, ` ${birth} `];
  const plants = fc.constantFrom(...words, ...numbers);
  await fc.assert(
    fc.asyncProperty(path, place, fc.constantFrom(0, 1, 8), plants, async (name, at, length, plant) => {
      const output = await attempt(written(damaged(name, at, length, Buffer.from(plant))));
      if (output) assert.deepEqual(findCanaries(bytesOf(output)), []);
    }),
    { numRuns: 400 },
  );
});
