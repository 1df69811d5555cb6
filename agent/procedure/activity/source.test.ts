import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { silentLog } from '../../../core/log.ts';
import { temporaryFolder } from '../../../core/testing/folder.ts';
import { FakeClock } from '../../testing/clock.ts';
import { until } from '../../testing/until.ts';
import { isFault } from '../evidence.ts';
import { mostFiles } from './growth.ts';
import { type ActivitySettings, ActivitySource } from './source.ts';

const minute = 60_000;

/** A source on one folder. `mounts` is what the kernel's table says of its mount: a type of file system. */
function newSource(t: TestContext, more: Partial<ActivitySettings> & { readonly mount?: string } = {}) {
  const { mount = 'ext4', ...settings } = more;
  const folder = join(temporaryFolder(t), 'live');
  mkdirSync(join(folder, 'deep'), { recursive: true });
  writeFileSync(join(folder, 'old.dat'), Buffer.alloc(50_000));
  const clock = new FakeClock();
  const world = { mounts: `30 1 0:40 / ${folder} rw - ${mount} x rw`, told: 0 };
  const root = '22 1 8:1 / / rw - ext4 /dev/sda1 rw\n';
  const source = new ActivitySource({
    settings: {
      ...{ folders: [folder], shares: false, busyBytesPerMinute: 10_000, quietBytesPerMinute: 1_000 },
      ...{ quietMinutes: 15, pollSeconds: mount === 'ext4' ? 30 : 0.05 },
      ...settings,
    },
    ...{ clock, log: silentLog, inboxes: [join(folder, '..', 'inbox')], mountinfo: () => root + world.mounts },
    onChange: () => world.told++,
  });
  t.after(() => source.stop());
  const said = () => source.statements().map(({ says, key }) => `${says} ${key}`);
  const watched = async () => {
    await source.start();
    await until(() => !source.statements().some(isFault), 'the first listing');
    assert.deepEqual(said(), ['maybe first minute']);
    await clock.advance(minute);
    assert.deepEqual(said(), []);
  };
  const grow = (name: string, bytes: number) => appendFileSync(join(folder, name), Buffer.alloc(bytes));
  return { folder, clock, world, source, said, watched, grow };
}

for (const mount of ['ext4', 'cifs']) {
  test(`a folder on ${mount}: what is there is no growth; what grows is busy, and nothing it says is ever free`, async (t) => {
    const { clock, world, said, watched, grow } = newSource(t, { mount });
    await watched();
    grow('old.dat', 4_000);
    grow('deep/new.dat', 5_000);
    world.told = 0;
    grow('old.dat', 1_000);
    await until(() => world.told > 0, 'its word');
    assert.deepEqual(said(), ['busy growth']);
    await clock.advance(30_000);
    assert.deepEqual(said(), ['busy growth']);
    await clock.advance(minute + 15 * minute);
    assert.deepEqual(said(), []);
  });
}

test('hysteresis: it begins at the high rate only, and then goes on at the low one', async (t) => {
  const { clock, world, source, said, watched, grow } = newSource(t);
  await watched();
  const seen = () => source.bytesPerMinute;
  grow('old.dat', 9_000);
  await until(() => seen() === 9_000, 'the growth');
  assert.deepEqual(said(), [], 'below the high rate');
  await clock.advance(minute);
  grow('old.dat', 10_000);
  await until(() => world.told > 0 && said().length > 0, 'the word');
  for (let later = 0; later < 3; later++) {
    await clock.advance(10 * minute);
    grow('old.dat', 1_000);
    await until(() => seen() === 1_000, 'the growth');
    assert.deepEqual(said(), ['busy growth']);
  }
  await clock.advance(10 * minute);
  grow('old.dat', 999);
  await until(() => seen() === 999, 'the growth');
  await clock.advance(5 * minute);
  assert.deepEqual(said(), []);
});

test('a minute after a sleep of the machine is not known', async (t) => {
  const { clock, source, said, watched } = newSource(t);
  await watched();
  source.refresh();
  assert.deepEqual(said(), ['maybe first minute']);
  await clock.advance(minute);
  assert.deepEqual(said(), []);
});

test('a share that is not mounted is a fault that closes, and is watched when it comes back', async (t) => {
  const { clock, world, said, watched } = newSource(t, { mount: 'nfs4', shares: true });
  await watched();
  const mounted = world.mounts;
  world.mounts = '';
  await clock.advance(50);
  assert.deepEqual(said(), ['maybe fault 1']);
  world.mounts = mounted;
  await clock.advance(50);
  await until(() => said().join() === 'maybe first minute', 'its first listing');
});

test('a share that was never mounted is one too, and so is a disk in the place of another', async (t) => {
  const share = newSource(t, { shares: true });
  await share.source.start();
  assert.deepEqual(share.said(), ['maybe fault 1', 'maybe first minute']);
  const disk = newSource(t);
  await disk.watched();
  disk.world.mounts = disk.world.mounts.replace('0:40', '0:77');
  await disk.clock.advance(30_000);
  assert.deepEqual(disk.said(), ['maybe fault 1']);
});

test('a folder that is gone is a fault until it is there again', async (t) => {
  const { folder, clock, said, watched } = newSource(t);
  await watched();
  renameSync(folder, `${folder}-away`);
  await clock.advance(30_000);
  assert.deepEqual(said(), ['maybe fault 1']);
  renameSync(`${folder}-away`, folder);
  await clock.advance(30_000);
  await until(() => said().join() === 'maybe first minute', 'its first listing');
});

for (const mount of ['ext4', 'cifs']) {
  test(`a folder on ${mount} with too many files is no live folder`, async (t) => {
    const { folder, source } = newSource(t, { mount });
    for (let at = 0; at <= mostFiles; at++) writeFileSync(join(folder, `${at}`), '');
    await source.start();
    await until(() => source.statements().some(({ what }) => what.includes('holds more than')), 'the fault');
  });
}

test('a link that leads to an inbox is refused', async (t) => {
  const { folder, source } = newSource(t);
  mkdirSync(join(folder, '..', 'inbox'));
  rmSync(folder, { recursive: true });
  symlinkSync(join(folder, '..', 'inbox'), folder);
  await source.start();
  assert.ok(source.statements().some(({ what }) => what === 'activity folder 1 cannot be read'));
});
