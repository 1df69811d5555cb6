import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { codeOf } from '../../core/errors.ts';
import { silentLog } from '../../core/log.ts';
import { Ledger } from '../ledger.ts';
import { someEntry } from '../testing/ledger.ts';

/** A file system of its own of so many MiB; undefined, with the reason, where none can be mounted. */
function smallDisk(t: TestContext, mebibytes: number): string | undefined {
  if (process.getuid?.() !== 0) {
    t.skip('mounting a file system needs root');
    return undefined;
  }
  const folder = mkdtempSync(join(tmpdir(), 'vestibule-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    rmSync(folder, { recursive: true });
    t.skip('no file system can be mounted here');
    return undefined;
  }
  return folder;
}

/** Takes every byte that is left. */
function fill(folder: string): void {
  const handle = openSync(join(folder, 'of somebody else'), 'a');
  const piece = Buffer.alloc(4096, 1);
  try {
    for (;;) writeSync(handle, piece);
  } catch (error) {
    assert.equal(codeOf(error), 'ENOSPC');
  } finally {
    closeSync(handle);
  }
}

const free = (folder: string) => rmSync(join(folder, 'of somebody else'), { force: true });

for (const seed of [7, Math.floor(Math.random() * 2 ** 31)]) {
  test(`DISK-01, lesson 5: a disk that is filled to the last byte at any moment costs nothing that was acknowledged (seed ${seed})`, async (t) => {
    const disk = smallDisk(t, 6);
    if (!disk) return;
    const random = generator(seed);
    const path = join(disk, 'ledger.db');
    let ledger = await Ledger.open({ path, log: silentLog });
    t.after(async () => {
      await ledger.close();
      execFileSync('umount', [disk]);
      rmSync(disk, { recursive: true });
    });
    let wasFull = 0;
    ledger.onDiskFull(() => {
      wasFull += 1;
    });
    const acknowledged: string[] = [];
    let refused = 0;
    for (let round = 0; round < 24; round++) {
      if (round % 3 === 1) fill(disk);
      const works = Array.from({ length: 1 + Math.floor(random() * 20) }, () =>
        ledger.detect(someEntry({ sourceSealed: Buffer.alloc(Math.floor(random() * 8000), 1) })).then(
          ({ caseId }) => void acknowledged.push(caseId),
          (error: unknown) => {
            assert.equal(codeOf(error), 'DISK_FULL');
            refused += 1;
          },
        ),
      );
      await Promise.all(works);
      if (round % 3 === 2) free(disk);
      if (round % 8 !== 7) continue;
      free(disk);
      await ledger.close();
      ledger = await Ledger.open({ path, log: silentLog });
    }
    free(disk);
    const { caseId } = await ledger.detect(someEntry());
    const known = new Set(ledger.read.cases().map((one) => one.caseId));
    assert.deepEqual(
      [...acknowledged, caseId].filter((one) => !known.has(one)),
      [],
    );
    assert.equal(known.size, acknowledged.length + 1, 'and nothing that was refused is there');
    assert.ok(refused > 0 && wasFull > 0, 'it was full');
  });
}

/** Numbers from 0 to below 1 (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
