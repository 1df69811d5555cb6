/** Identifiers that are planted in an export, and searched for in everything that is made of it. */
export interface Canaries {
  readonly family: string;
  readonly given: string;
  readonly record: string;
  readonly birth: string;
  readonly phone: string;
}

export const canaries: Canaries = {
  family: 'Kowalczyk',
  given: 'Brunhilde',
  record: '4711238',
  birth: '12.03.1961',
  phone: '0176-5550199',
};

/** Every way in which a canary may be written: as it is, without separators, and with other ones. */
function spellings({ family, given, record, birth, phone }: Canaries): string[] {
  const parts = birth.split('.');
  const dates = ['/', '_', '-', ''].flatMap((by) => [parts.join(by), parts.toReversed().join(by)]);
  return [family, given, record, birth, phone, phone.replace('-', ''), phone.replace('-', ' '), ...dates];
}

/** The bytes to look for, lower case: text in three encodings, hexadecimal, and Base64 at its three alignments. */
function needles(text: string): Buffer[] {
  const plain = ['utf8', 'utf16le', 'latin1'].map((encoding) => Buffer.from(text, encoding as BufferEncoding));
  const base64 = [0, 1, 2].map((shift) => {
    const encoded = Buffer.concat([Buffer.alloc(shift), Buffer.from(text)])
      .toString('base64')
      .replaceAll('=', '');
    return Buffer.from(encoded.slice(shift === 0 ? 0 : shift + 1, -2));
  });
  return [...plain, Buffer.from(Buffer.from(text).toString('hex')), ...base64].map(lowerCase);
}

/** Which canaries are in the bytes, in any spelling and encoding. */
export function findCanaries(bytes: Uint8Array, planted: Canaries = canaries): string[] {
  const haystack = lowerCase(Buffer.from(bytes));
  return spellings(planted).filter((text) => needles(text).some((needle) => haystack.includes(needle)));
}

/** The names and contents of files as one piece of bytes to search. */
export function bytesOf(files: Readonly<Record<string, Uint8Array | string>>): Buffer {
  return Buffer.concat(
    Object.entries(files).flatMap(([name, content]) => [Buffer.from(`${name}\n`), Buffer.from(content as string)]),
  );
}

function lowerCase(bytes: Buffer): Buffer {
  return Buffer.from(bytes.toString('latin1').toLowerCase(), 'latin1');
}
