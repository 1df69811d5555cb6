/** The value that stands for "missing" in every file of an export. */
export const missing = -10000;

/** Up to six significant digits, no trailing zeros: how the export writes free-form numbers. */
export function short(value: number): string {
  const size = Math.abs(value);
  // The usual sizes, without the slow way through a fixed number of digits: there are millions of them in the tracks.
  if (size >= 1 && size < 1000) {
    const power = size < 10 ? 1e5 : size < 100 ? 1e4 : 1e3;
    return String(Math.round(value * power) / power);
  }
  const text = String(Number(value.toPrecision(6)));
  return text.includes('e') || text === '-0' ? '0' : text;
}

/** Three decimals: how the lesion tables write what is measured. */
export function milli(value: number): string {
  return value.toFixed(3);
}

/** Lines with CRLF after each one. */
export function crlf(lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${lines.join('\r\n')}\r\n`;
}

/** Text files and meshes are code page 1252; what it lacks becomes `?`. */
export function toCp1252(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  for (let n = 0; n < text.length; n += 1) {
    const unit = text.charCodeAt(n);
    if (unit >= 0x80 && (unit < 0xa0 || unit > 0xff)) bytes[n] = cp1252Extras.get(text[n]!) ?? 0x3f;
  }
  return bytes;
}

const cp1252Extras: ReadonlyMap<string, number> = new Map(
  Array.from({ length: 32 }, (_, n) => 0x80 + n).map((byte) => [
    new TextDecoder('windows-1252').decode(Uint8Array.of(byte)),
    byte,
  ]),
);

/** Opening or empty element with its attributes, values escaped. */
export function tag(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  end: '>' | ' />' = ' />',
): string {
  const parts = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeXml(String(value))}"`);
  return `<${name}${parts.join('')}${end}`;
}

/** Text as XML content or attribute value. */
export function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/**
 * A row of the lesion tables: right-aligned cells, then blanks one short of another cell. A text that fills its cell gets a
 * blank before it, so that it never runs into its neighbour.
 */
export function tableRow(cells: readonly string[], width = 20): string {
  return cells.map((cell) => cellOf(cell, width)).join('') + ' '.repeat(width - 1);
}

/** A table as a file: header and rows. */
export function table(columns: readonly string[], rows: readonly (readonly string[])[], width = 20): Buffer {
  return toCp1252(crlf([tableRow(columns, width), ...rows.map((row) => tableRow(row, width))]));
}

/** `key=` and value, each right-aligned in 40. */
export function settingRow(key: string, value: string): string {
  return tableRow([`${key}=`, value], 40);
}

function cellOf(text: string, width: number): string {
  return text.length < width ? text.padStart(width) : ` ${text}`;
}

/** TAB after every cell. */
export function tabbed(cells: readonly (string | number)[]): string {
  return `${cells.join('\t')}\t`;
}
