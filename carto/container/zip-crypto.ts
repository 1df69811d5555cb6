/** Bytes that stand before the content: the last of them tells whether the password can be right. */
export const zipCryptoHeaderBytes = 12;

// The table is of single bytes without the final inversions of CRC-32, which is what the cipher steps with.
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value >>> 0;
});

/** PKWARE's stream cipher (APPNOTE 6.1). Broken as a cipher, and what many zips are "protected" with. */
export class ZipCrypto {
  #key0 = 0x12345678;
  #key1 = 0x23456789;
  #key2 = 0x34567890;

  constructor(password: Uint8Array) {
    for (const byte of password) this.#step(byte);
  }

  /** Decrypts in place. Call in the order of the bytes. */
  decrypt(bytes: Buffer): Buffer {
    for (let at = 0; at < bytes.length; at++) {
      const mixed = (this.#key2 & 0xffff) | 2;
      const plain = bytes[at]! ^ ((Math.imul(mixed, mixed ^ 1) >>> 8) & 0xff);
      bytes[at] = plain;
      this.#step(plain);
    }
    return bytes;
  }

  #step(byte: number): void {
    this.#key0 = table[(this.#key0 ^ byte) & 0xff]! ^ (this.#key0 >>> 8);
    this.#key1 = (Math.imul((this.#key1 + (this.#key0 & 0xff)) | 0, 134775813) + 1) | 0;
    this.#key2 = table[(this.#key2 ^ (this.#key1 >>> 24)) & 0xff]! ^ (this.#key2 >>> 8);
  }
}
