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
    const folded = text.toLowerCase();
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
  const utf8 = Buffer.from(canary.toLowerCase(), 'utf8');
  const latin1 = Buffer.from(canary.toLowerCase(), 'latin1');
  const utf16 = Buffer.from(canary.toLowerCase(), 'utf16le');
  const plain = [
    { encoding: 'utf-8', needle: utf8.toString('latin1') },
    { encoding: 'latin-1', needle: latin1.toString('latin1') },
    { encoding: 'utf-16le', needle: utf16.toString('latin1') },
    { encoding: 'utf-16be', needle: Buffer.from(utf16).swap16().toString('latin1') },
  ];
  const hex = variants.map((text) => ({ encoding: 'hex', needle: Buffer.from(text).toString('hex') }));
  return [...plain, ...hex, ...variants.flatMap(base64Of)];
}

/** The characters of base64 that do not depend on what stands before or behind, for each of the three alignments. */
function base64Of(text: string): { encoding: string; needle: string }[] {
  return [0, 1, 2].flatMap((shift) => {
    const whole = Buffer.concat([Buffer.alloc(shift), Buffer.from(text)]);
    const encoded = whole.subarray(0, whole.length - (whole.length % 3)).toString('base64');
    const needle = encoded.slice(shift === 0 ? 0 : 4);
    return [
      { encoding: 'base64', needle },
      { encoding: 'base64url', needle: needle.replaceAll('+', '-').replaceAll('/', '_') },
    ];
  });
}
