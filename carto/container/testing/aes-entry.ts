import { createCipheriv, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { WrittenEntry } from './zip-writer.ts';

/**
 * A stored entry in WinZip's AES, of either version: AE-1 has a checksum, AE-2 has none. Written block by block, as the
 * description says, and not as the reader does it.
 */
export function aesEntry(
  name: string,
  content: Buffer,
  password: string | Buffer,
  version: 1 | 2,
  strength: 1 | 2 | 3,
): WrittenEntry {
  const keyBytes = 8 + 8 * strength;
  const salt = randomBytes(keyBytes / 2);
  const derived = pbkdf2Sync(password, salt, 1000, 2 * keyBytes + 2, 'sha1');
  const blocks: Buffer[] = [];
  for (let at = 0; at < content.length; at += 16) {
    const counter = Buffer.alloc(16);
    counter.writeUInt32LE(at / 16 + 1);
    const ecb = createCipheriv(`aes-${keyBytes * 8}-ecb`, derived.subarray(0, keyBytes), null);
    const stream = ecb.update(counter);
    blocks.push(Buffer.from(content.subarray(at, at + 16).map((byte, index) => byte ^ stream[index]!)));
  }
  const encrypted = Buffer.concat(blocks);
  const mac = createHmac('sha1', derived.subarray(keyBytes, 2 * keyBytes))
    .update(encrypted)
    .digest()
    .subarray(0, 10);
  const sum = version === 1 ? crc32(content) : 0;
  return {
    name,
    content,
    packed: Buffer.concat([salt, derived.subarray(2 * keyBytes), encrypted, mac]),
    method: 99,
    flags: 0x801,
    extra: Buffer.from([0x01, 0x99, 7, 0, version, 0, 0x41, 0x45, strength, 0, 0]),
    claimed: { crc32: sum },
    local: { crc32: sum },
  };
}
