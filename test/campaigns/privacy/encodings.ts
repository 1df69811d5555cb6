import type { Dice } from '../../harness/random.ts';
import { base64Cores } from '../../harness/search.ts';

/** Ways of writing an identifier. What none of them changes is text of ASCII, so that they fit wherever text does. */
export const encodings = [
  'plain',
  'upper',
  'latin-1',
  'utf-16le',
  'utf-16be',
  'base64',
  'base64+1',
  'base64+2',
  'hex',
  'percent',
  'split',
] as const;
export type Encoding = (typeof encodings)[number];

/** Those whose bytes are text of the file that they stand in. */
export const textEncodings = encodings.filter((one) => one !== 'latin-1' && !one.startsWith('utf-16'));

export function encode(text: string, by: Encoding, dice: Dice): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  switch (by) {
    case 'plain':
      return bytes;
    case 'upper':
      return Buffer.from(text.toUpperCase());
    case 'latin-1':
      return Buffer.from(text, 'latin1');
    case 'utf-16le':
      return Buffer.from(text, 'utf16le');
    case 'utf-16be':
      return Buffer.from(text, 'utf16le').swap16();
    case 'base64':
    case 'base64+1':
    case 'base64+2':
      return Buffer.from(
        Buffer.concat([Buffer.alloc(Number(by.at(-1)) || 0, 'x'), bytes])
          .toString('base64')
          .replaceAll(/[+/=]/g, ''),
      );
    case 'hex':
      return Buffer.from(bytes.toString('hex'));
    case 'percent':
      return percent(bytes);
    case 'split':
      return Buffer.from([...text].join(dice.pick(['-', '.', '_', ' '])));
  }
}

/** The bytes by which a secret is known, in every encoding but `split`: separators are taken out of the text for that. */
export function needlesOf(secret: string): Buffer[] {
  const variants = [...new Set([secret, secret.toLowerCase(), secret.toUpperCase()])];
  return variants.flatMap((text) => {
    const utf16 = Buffer.from(text, 'utf16le');
    const utf8 = Buffer.from(text);
    const plain = [utf8, Buffer.from(text, 'latin1'), utf16, Buffer.from(utf16).swap16()];
    return [
      ...plain,
      Buffer.from(utf8.toString('hex')),
      percent(utf8),
      ...base64Cores(utf8).map((core) => Buffer.from(core)),
    ];
  });
}

function percent(bytes: Buffer): Buffer {
  return Buffer.from(bytes.toString('hex').replaceAll(/../g, '%$&'));
}
