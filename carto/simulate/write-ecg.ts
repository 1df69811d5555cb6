import { putWhole, putWholeBefore } from './digits.ts';
import type { Signal } from './ecg.ts';
import { gainMv, sampleCount } from './electrogram.ts';
import type { Generation } from './generation.ts';

/** The channels that a header of the older generations names. */
export interface MappingChannels {
  readonly unipolar: string;
  readonly bipolar: string;
  readonly reference: string;
}

/** An ECG file: header lines, then one row of whole numbers per sample, in cells of one width. */
export function writeEcg(signals: readonly Signal[], { ecg }: Generation, mapping: MappingChannels): Buffer {
  const { cellWidth, align } = ecg;
  const names = signals.map(({ channel: [name, number] }) => `${name}(${number})`);
  const heading = names.map((name) =>
    align === 'left' ? name.padEnd(cellWidth) : ` ${name}`.padStart(Math.max(cellWidth, name.length + 2)),
  );
  const { unipolar, bipolar, reference } = mapping;
  const header = [
    ecg.version,
    `Raw ECG to MV (gain) = ${gainMv.toFixed(6)}`,
    ...(ecg.mappingLine
      ? [`Unipolar Mapping Channel=${unipolar} Bipolar Mapping Channel=${bipolar} Reference Channel=${reference}`]
      : []),
    heading.join(''),
    '',
  ].join('\r\n');
  const start = header.length;
  const rowWidth = signals.length * cellWidth + 2;
  const bytes = Buffer.alloc(start + sampleCount * rowWidth, 0x20);
  bytes.write(header, 'latin1');
  const columns = signals.map(({ counts }) => counts);
  let at = start;
  for (let t = 0; t < sampleCount; t += 1) {
    for (let column = 0; column < columns.length; column += 1) {
      const value = columns[column]![t]!;
      if (align === 'left') putWhole(bytes, at, value);
      else putWholeBefore(bytes, at + cellWidth - 1, value);
      at += cellWidth;
    }
    bytes[at] = 0x0d;
    bytes[at + 1] = 0x0a;
    at += 2;
  }
  return bytes;
}
