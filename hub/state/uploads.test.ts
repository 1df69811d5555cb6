import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { temporaryFolder } from '../../core/testing/folder.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { openState } from './state.ts';
import { Uploads } from './uploads.ts';

async function openUploads(t: TestContext) {
  const folder = temporaryFolder(t);
  const db = openState(folder);
  t.after(() => db.close());
  const clock = new ManualClock();
  const limits = { maxOpenUploads: 10, uploadSasSeconds: 3600 };
  return { clock, uploads: new Uploads({ db, clock, limits }) };
}

test('ten uploads of a device may be open, and exactly ten; other devices have their own', async (t) => {
  const { uploads } = await openUploads(t);
  for (let n = 0; n < 10; n++) uploads.open('dev1', `dev1/${n}`);
  assert.throws(() => uploads.open('dev1', 'dev1/10'), { code: 'TOO_MANY_UPLOADS' });
  assert.equal(uploads.openOf('dev1'), 10);
  uploads.open('dev2', 'dev2/0');
});

test('a notification frees one place, whatever it says, and once', async (t) => {
  const { uploads } = await openUploads(t);
  const opened = Array.from({ length: 10 }, (_, n) => uploads.open('dev1', `dev1/${n}`));
  const [first, second] = opened;
  uploads.close('dev1', first?.correlationId ?? '', true);
  uploads.close('dev1', first?.correlationId ?? '', true);
  assert.equal(uploads.openOf('dev1'), 9);
  uploads.close('dev1', second?.correlationId ?? '', false);
  assert.equal(uploads.openOf('dev1'), 8);
  assert.throws(() => uploads.close('dev2', opened[2]?.correlationId ?? '', true), { code: 'UPLOAD_NOT_FOUND' });
  assert.throws(() => uploads.close('dev1', 'no-such', true), { code: 'UPLOAD_NOT_FOUND' });
  assert.equal(uploads.openOf('dev1'), 8);
});

test('an upload expires with its token, and a late notification of it is still answered well', async (t) => {
  const { uploads, clock } = await openUploads(t);
  const { correlationId, expiresAt } = uploads.open('dev1', 'dev1/0');
  assert.equal(expiresAt.getTime() - clock.now().getTime(), 3600_000);
  for (let n = 1; n < 10; n++) uploads.open('dev1', `dev1/${n}`);
  clock.advance(3600_000 - 1);
  assert.equal(uploads.openOf('dev1'), 10);
  clock.advance(1);
  assert.equal(uploads.openOf('dev1'), 0);
  uploads.open('dev1', 'dev1/x');
  uploads.close('dev1', correlationId, false);
  clock.advance(8 * 24 * 3600_000);
  uploads.open('dev1', 'dev1/y');
  assert.throws(() => uploads.close('dev1', correlationId, false), { code: 'UPLOAD_NOT_FOUND' });
});
