import { channels, type Recording } from './ecg.ts';
import { gainMv, sampleCount } from './electrogram.ts';

const cellWidth = 30;
const rowWidth = channels.length * cellWidth + 2;

/** An `ECG_Export_4.0` file: four header lines, then one row of left-aligned whole numbers per sample. */
export function writeEcg(recording: Recording): Buffer {
  const header = [
    'ECG_Export_4.0',
    `Raw ECG to MV (gain) = ${gainMv.toFixed(6)}`,
    'Unipolar Mapping Channel=M1 Bipolar Mapping Channel=M1-M2 Reference Channel=I',
    channels.map(([name, number]) => `${name}(${number})`.padEnd(cellWidth)).join(''),
    '',
  ].join('\r\n');
  const start = header.length;
  const bytes = Buffer.alloc(start + sampleCount * rowWidth, 0x20);
  bytes.write(header, 'latin1');
  for (const [column, [name]] of channels.entries()) {
    const counts = recording[name];
    for (let t = 0; t < sampleCount; t += 1) {
      putWhole(bytes, start + t * rowWidth + column * cellWidth, counts[t]!);
    }
  }
  for (let t = 1; t <= sampleCount; t += 1) {
    bytes[start + t * rowWidth - 2] = 0x0d;
    bytes[start + t * rowWidth - 1] = 0x0a;
  }
  return bytes;
}

/** Writes a whole number in ASCII, without making a string of it: there are 65 000 of them per file. */
function putWhole(bytes: Buffer, start: number, value: number): void {
  let at = start;
  let rest = value;
  if (rest < 0) {
    bytes[at] = 0x2d;
    at += 1;
    rest = -rest;
  }
  let digits = 1;
  for (let limit = 10; rest >= limit; limit *= 10) digits += 1;
  for (let place = at + digits - 1; place >= at; place -= 1) {
    bytes[place] = 0x30 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
}
