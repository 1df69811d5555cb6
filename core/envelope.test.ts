import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { generateEcKeyPair, open, seal, withoutRecipient } from './envelope.ts';

const secret = randomBytes(32);
const storage = { kid: 'storage', secret: randomBytes(32) };
const receiver = generateEcKeyPair();
const hospital = generateEcKeyPair();
const recipients = [
  storage,
  { kid: 'receiver', publicKey: receiver.publicKey },
  { kid: 'hospital', publicKey: hospital.publicKey },
];

test('each recipient alone opens the envelope', async () => {
  const envelope = await seal(secret, recipients);
  assert.deepEqual(Buffer.from(await open(envelope, storage)), secret);
  assert.deepEqual(Buffer.from(await open(envelope, { kid: 'receiver', privateKey: receiver.privateKey })), secret);
  assert.deepEqual(Buffer.from(await open(envelope, { kid: 'hospital', privateKey: hospital.privateKey })), secret);
});

test('a copy without the at-rest recipient opens for the others, not for the storage key', async () => {
  const copy = withoutRecipient(await seal(secret, recipients), 'storage');
  assert.deepEqual(Buffer.from(await open(copy, { kid: 'receiver', privateKey: receiver.privateKey })), secret);
  await assert.rejects(open(copy, storage), { code: 'NOT_A_RECIPIENT' });
});

test('a wrong key under a right name, a changed tag and no recipient at all are refused', async () => {
  const envelope = await seal(secret, recipients);
  await assert.rejects(open(envelope, { kid: 'receiver', privateKey: hospital.privateKey }), {
    code: 'NOT_A_RECIPIENT',
  });
  const bent = { ...envelope, tag: `${envelope.tag?.startsWith('A') ? 'B' : 'A'}${envelope.tag?.slice(1)}` };
  await assert.rejects(open(bent, storage), { code: 'NOT_A_RECIPIENT' });
  await assert.rejects(seal(secret, []), { code: 'NO_RECIPIENT' });
});

test('a single recipient works too', async () => {
  assert.deepEqual(Buffer.from(await open(await seal(secret, [storage]), storage)), secret);
});
