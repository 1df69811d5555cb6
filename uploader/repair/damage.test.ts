import assert from 'node:assert/strict';
import { closeSync, copyFileSync, openSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { codeOf } from '../../core/errors.ts';
import { silentLog } from '../../core/log.ts';
import { temporaryFolder } from '../../core/testing/folder.ts';
import { Ledger } from '../ledger.ts';
import { someEntry } from '../testing/ledger.ts';

test('lesson 42: a ledger that meets a damaged page says so, and goes on with the others', async (t) => {
  const folder = temporaryFolder(t);
  const [sound, path] = [join(folder, 'sound.db'), join(folder, 'ledger.db')];
  const first = await Ledger.open({ path: sound, log: silentLog, isInline: true });
  for (let n = 0; n < 40; n++) await first.detect(someEntry());
  assert.equal(first.isDamaged, false);
  await first.close();
  let [damaged, stillStored] = [0, 0];
  for (let page = 1; page < statSync(sound).size / 4096; page++) {
    copyFileSync(sound, path);
    const handle = openSync(path, 'r+');
    writeSync(handle, Buffer.alloc(4096, 0xa5), 0, 4096, page * 4096);
    closeSync(handle);
    const ledger = await opened(path);
    if (!ledger) continue;
    try {
      const read = attempt(() => ledger.read.cases());
      const stored = await ledger.recordRefusal('MALFORMED', undefined, '0').then(
        () => undefined,
        (error: unknown) => codeOf(error),
      );
      assert.ok([undefined, 'LEDGER_DAMAGED'].includes(read) && [undefined, 'LEDGER_DAMAGED'].includes(stored));
      assert.equal(ledger.isDamaged, (read ?? stored) !== undefined);
      if (read !== undefined) damaged += 1;
      if (read !== undefined && stored === undefined) stillStored += 1;
    } finally {
      await ledger.close();
    }
  }
  assert.ok(damaged > 0 && stillStored === damaged, `${damaged}, ${stillStored}`);
});

function attempt(step: () => unknown): string | undefined {
  try {
    step();
    return undefined;
  } catch (error) {
    return codeOf(error);
  }
}

/** Undefined where the page is one without which it is no ledger. */
async function opened(path: string): Promise<Ledger | undefined> {
  try {
    return await Ledger.open({ path, log: silentLog, isInline: true });
  } catch (error) {
    assert.equal(codeOf(error), 'LEDGER_DAMAGED');
    return undefined;
  }
}
