import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { frame, MllpDecoder } from './mllp.ts';

const texts = (messages: readonly Buffer[]) => messages.map((message) => message.toString());

test('messages come out whole, however the bytes are cut', () => {
  const content = fc
    .uint8Array({ maxLength: 60 })
    .map((bytes) => Buffer.from(bytes.filter((b) => b !== 11 && b !== 28)));
  fc.assert(
    fc.property(fc.array(content, { maxLength: 5 }), fc.array(fc.integer({ min: 1, max: 20 })), (messages, cuts) => {
      const stream = Buffer.concat(messages.map(frame));
      const decoder = new MllpDecoder(1000);
      const found: Buffer[] = [];
      let at = 0;
      for (const cut of [...cuts, stream.length]) {
        found.push(...decoder.push(stream.subarray(at, at + cut)).messages);
        at += cut;
      }
      assert.deepEqual(found, messages);
    }),
  );
});

test('bytes between frames are put up with, a start in the middle begins afresh, a lone end byte is content', () => {
  const decoder = new MllpDecoder(1000);
  const { messages } = decoder.push(Buffer.from('\r\n\x0bone\x0btwo\x1c!\x1c\r\r\n\x0bthree\x1c\r'));
  assert.deepEqual(texts(messages), ['two\x1c!', 'three']);
  assert.equal(decoder.isInside, false);
});

test('a message or a noise without end is an overflow, in bounded memory', () => {
  const decoder = new MllpDecoder(100);
  assert.equal(decoder.push(Buffer.from(`\x0b${'x'.repeat(100)}`)).overflow, false);
  assert.equal(decoder.push(Buffer.from('x')).overflow, true);
  assert.equal(new MllpDecoder(100).push(Buffer.alloc(2000, 0x20)).overflow, true);
});
