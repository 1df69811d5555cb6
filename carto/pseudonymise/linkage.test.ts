import assert from 'node:assert/strict';
import { test } from 'node:test';
import { passAlways } from '../../core/gate-flag.ts';
import type { Profile } from '../../protocol/profile.ts';
import { collect, type MemoryFiles, memorySource } from '../testing/memory-source.ts';
import { tinyExport, tinyNames } from '../testing/tiny-export.ts';
import { type Linkage, linkageSchema } from './linkage.ts';
import { pseudonymise } from './pseudonymise.ts';

const profiles: readonly Profile[] = ['pseudonymised', 'safe-harbor', 'site-only'];
const siteKey = Buffer.alloc(32, 3);

/** One export, written; with what it leaves for the next one, as it comes back from where it is kept. */
async function written(files: MemoryFiles, profile: Profile, linkage?: Linkage, key: Uint8Array = siteKey) {
  const study = await pseudonymise(memorySource(files), passAlways, { profile, siteKey: key, linkage });
  const output = await collect(study.files);
  return { output, linkage: linkageSchema.parse(JSON.parse(JSON.stringify(study.linkage()))) };
}

const names = (output: Record<string, Buffer>) => Object.keys(output).toSorted();
const [first, second] = [tinyExport(), tinyExport({ study: 'Renamed by somebody 12_31_2022 23-59-59' })];

test('the next export of a study, under another name, has the same files to the byte, in every profile', async () => {
  for (const profile of profiles) {
    const before = await written(first, profile);
    const after = await written(second, profile, before.linkage);
    assert.deepEqual(after.output, before.output, profile);
    const third = await written(first, profile, after.linkage);
    assert.deepEqual(third.output, before.output, profile);
    assert.equal(third.linkage.codes.length, after.linkage.codes.length, 'nothing grows that is known already');
  }
});

test('a file that is new in the next export changes no other one', async () => {
  for (const profile of profiles) {
    const { 'VisiTagExport/VisiTagSessions.txt': late, ...fewer } = first;
    assert.ok(late);
    const before = await written(fewer, profile);
    const after = await written(first, profile, before.linkage);
    for (const [name, content] of Object.entries(before.output)) assert.deepEqual(after.output[name], content, name);
    assert.equal(names(after.output).length, names(before.output).length + 1);
  }
});

test('keyed codes are the same without a linkage, and others under another key; random ones never are', async () => {
  const [one, again, other] = await Promise.all(
    [siteKey, siteKey, Buffer.alloc(32, 4)].map((key) => written(first, 'pseudonymised', undefined, key)),
  );
  assert.deepEqual(again!.output, one!.output);
  assert.ok(!names(other!.output).some((name) => name.startsWith('Map-') && name in one!.output));
  const [free, fresh] = [await written(first, 'safe-harbor'), await written(first, 'safe-harbor')];
  assert.ok(!names(free.output).some((name) => name.startsWith('Map-') && name in fresh.output));
});

test('codes of one profile are not taken over by another', async () => {
  const keyed = await written(first, 'pseudonymised');
  const free = await written(first, 'safe-harbor', keyed.linkage);
  assert.ok(!names(free.output).some((name) => name.startsWith('Map-') && name in keyed.output));
  assert.equal(free.linkage.profile, 'safe-harbor');
});

test('the linkage leads codes back, except under safe-harbor, where it holds no name and no counter', async () => {
  const { linkage } = await written(first, 'pseudonymised');
  const map = linkage.codes.find(({ kind, original }) => kind === 'map' && original === tinyNames.first);
  assert.match(map?.code ?? '', /^Map-[a-z]{8}$/);
  assert.deepEqual(linkage.counters.session, [[9300, 1]]);
  assert.ok(linkage.shiftDays <= -30 && linkage.shiftDays >= -1095);
  const free = await written(first, 'safe-harbor');
  const kept = JSON.stringify(free.linkage);
  for (const original of linkage.codes.map((code) => code.original))
    assert.ok(!kept.includes(JSON.stringify(original)));
  assert.ok(free.linkage.codes.every(({ original }) => /^[0-9a-f]{64}$/.test(original)));
  assert.ok(
    Object.values(free.linkage.counters)
      .flat()
      .every(([counter]) => typeof counter === 'string'),
  );
  assert.equal(free.linkage.shiftDays, 0);
});

test('safe-harbor numbers say nothing of the order of the counters; keyed numbers keep it', async () => {
  const maps = Array.from({ length: 40 }, (_, at) => `<Map Name="M${at}" Index="${5000 + at}" NumFiles="0" />`).join(
    '',
  );
  const study = { 'a.xml': `<Study name="s"><Maps Count="40">${maps}</Maps></Study>` };
  const numbersOf = async (profile: Profile) => {
    const { output } = await written(study, profile);
    return Array.from(
      Object.values(output)[0]!
        .toString()
        .matchAll(/Index="(\d+)"/g),
      ([, index]) => Number(index),
    );
  };
  const rising = Array.from({ length: 40 }, (_, at) => at + 1);
  assert.deepEqual(await numbersOf('pseudonymised'), rising);
  const drawn = await numbersOf('safe-harbor');
  assert.notDeepEqual(drawn, rising);
  assert.deepEqual(
    drawn.toSorted((a, b) => a - b),
    rising,
  );
});
