import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** A planted identifier that was found, where and in which encoding. */
export interface Hit {
  readonly canary: string;
  readonly encoding: string;
  readonly where: string;
}

/**
 * Searches bytes for identifiers, in any letter case, as UTF-8, UTF-16 (both orders), Latin-1, hex and base64 (at all
 * three alignments, standard and URL alphabets). It is proven in the tests on inputs where the plants are known to be.
 */
export class IdentifierSearch {
  readonly #needles: readonly { readonly canary: string; readonly encoding: string; readonly needle: string }[];

  constructor(canaries: readonly string[]) {
    this.#needles = canaries.flatMap((canary) => encodingsOf(canary).map((one) => ({ canary, ...one })));
  }

  inBytes(bytes: Buffer, where: string): Hit[] {
    const text = bytes.toString('latin1');
    const folded = asciiFold(text);
    return this.#needles
      .filter(({ encoding, needle }) => (encoding.startsWith('base64') ? text : folded).includes(needle))
      .map(({ canary, encoding }) => ({ canary, encoding, where }));
  }

  /** Every file below a folder, contents and names. */
  inFolder(folder: string): Hit[] {
    const files = readdirSync(folder, { recursive: true, withFileTypes: true });
    return files.flatMap((entry) => {
      const path = join(entry.parentPath, entry.name);
      const where = relative(folder, path);
      const inName = this.inBytes(Buffer.from(where), `name of ${where}`);
      return entry.isFile() ? [...inName, ...this.inBytes(readFileSync(path), where)] : inName;
    });
  }
}

function encodingsOf(canary: string): { encoding: string; needle: string }[] {
  const variants = [...new Set([canary, canary.toLowerCase(), canary.toUpperCase()])];
  return variants.flatMap((text) => {
    const utf16 = Buffer.from(text, 'utf16le');
    const plain = [
      { encoding: 'utf-8', bytes: Buffer.from(text, 'utf8') },
      { encoding: 'latin-1', bytes: Buffer.from(text, 'latin1') },
      { encoding: 'utf-16le', bytes: utf16 },
      { encoding: 'utf-16be', bytes: Buffer.from(utf16).swap16() },
      { encoding: 'hex', bytes: Buffer.from(Buffer.from(text).toString('hex')) },
    ];
    const folded = plain.map(({ encoding, bytes }) => ({ encoding, needle: asciiFold(bytes.toString('latin1')) }));
    const base64 = base64Cores(Buffer.from(text)).flatMap((needle) => [
      { encoding: 'base64', needle },
      { encoding: 'base64url', needle: needle.replaceAll('+', '-').replaceAll('/', '_') },
    ]);
    return [...folded, ...base64];
  });
}

/** Lower case for A to Z alone: in bytes read as Latin-1, other letters may be halves of UTF-8 characters. */
function asciiFold(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** The characters of base64 that do not depend on what stands before or behind, for each of the three alignments. */
export function base64Cores(bytes: Buffer): string[] {
  return [0, 1, 2].map((shift) => {
    const whole = Buffer.concat([Buffer.alloc(shift), bytes]);
    const encoded = whole.subarray(0, whole.length - (whole.length % 3)).toString('base64');
    return encoded.slice(shift === 0 ? 0 : 4);
  });
}
