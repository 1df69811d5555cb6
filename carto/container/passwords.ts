import yauzl from 'yauzl';

/**
 * The bytes that a password may have been turned into. Nothing says which a writer took: UTF-8, or what the machine's
 * code page made of it. Those that cannot hold it are left out; the likeliest is first.
 */
export function passwordBytes(password: string): Buffer[] {
  const text = password.normalize('NFC');
  const utf8 = Buffer.from(text, 'utf8');
  if (utf8.length === text.length) return [utf8];
  return [utf8, ...[latin1, cp437].map((page) => page(text)).filter((bytes) => bytes !== undefined)];
}

function latin1(text: string): Buffer | undefined {
  return /^[\0-\xff]*$/.test(text) ? Buffer.from(text, 'latin1') : undefined;
}

/** The DOS code page, the other way round than yauzl reads names with it. */
function cp437(text: string): Buffer | undefined {
  const page = new Map<string, number>();
  for (let byte = 0; byte < 256; byte++) page.set(yauzl.getFileNameLowLevel(0, Buffer.of(byte), [], true), byte);
  const bytes = Array.from(text, (character) => page.get(character));
  return bytes.every((byte) => byte !== undefined) ? Buffer.from(bytes) : undefined;
}
