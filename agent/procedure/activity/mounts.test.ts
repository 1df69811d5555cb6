import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { isWithin, placeOf } from './mounts.ts';

const table = [
  '22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw',
  '30 22 0:40 / /srv/recorder rw - cifs //recorder/live rw',
  '31 22 0:41 / /srv/re\\040corder rw master:3 - nfs4 recorder:/live rw',
  '32 22 0:42 / /mnt/old rw - tmpfs tmpfs rw',
  '33 22 0:43 / /mnt/old rw - fuse.sshfs recorder: rw',
  '34 30 0:44 / /srv/recorder/scratch rw - tmpfs tmpfs rw',
].join('\n');

test('the mount that a path lies on is the longest one, of two on one point the one on top', () => {
  const found = (path: string) => [placeOf(path, table)?.id, placeOf(path, table)?.isNetwork];
  assert.deepEqual(found('/srv/other'), ['8:1 /', false]);
  assert.deepEqual(found('/srv/recorder'), ['0:40 /srv/recorder', true]);
  assert.deepEqual(found('/srv/recorder/live/a'), ['0:40 /srv/recorder', true]);
  assert.deepEqual(found('/srv/recorder-2'), ['8:1 /', false]);
  assert.deepEqual(found('/srv/recorder/scratch/x'), ['0:44 /srv/recorder/scratch', false]);
  assert.deepEqual(found('/srv/re corder/live'), ['0:41 /srv/re corder', true]);
  assert.deepEqual(found('/mnt/old'), ['0:43 /mnt/old', true]);
  assert.equal(placeOf('/anywhere', ''), undefined);
});

test('this machine’s own table is understood', () => {
  assert.equal(typeof placeOf(tmpdir(), readFileSync('/proc/self/mountinfo', 'utf8'))?.id, 'string');
});

test('within is by whole names', () => {
  assert.deepEqual(
    [isWithin('/a/b', '/a'), isWithin('/a', '/a'), isWithin('/ab', '/a'), isWithin('/a', '/')],
    [true, true, false, true],
  );
});
