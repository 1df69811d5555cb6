import { CartoError } from '../error.ts';
import type { Line } from './line.ts';
import { parseNumber } from './number.ts';
import { Row } from './row.ts';

export const ecgKind = 'ecg';

/** One column of an ECG file. Names, not numbers, identify a channel: numbers differ between versions. */
export interface EcgChannel {
  readonly name: string;
  readonly number: number;
  /** Characters of its cell, blanks before it (right-aligned) or behind it, for whoever writes the line again. */
  readonly width: number;
}

/** What a line is; `row` has been proved, `foreign` is a header line that is not known. */
export type EcgLine = 'version' | 'gain' | 'mapping' | 'channels' | 'foreign' | 'row' | 'blank';

const maxHeaderLines = 8;
const maxHeaderLength = 1 << 16;

const mappingWords = ['Unipolar Mapping Channel=', ' Bipolar Mapping Channel=', ' Reference Channel='] as const;

/** The channels that the header names, where it does (4.0; from 4.1 on the point's XML does). */
export interface EcgMapping {
  readonly unipolar: string;
  readonly bipolar: string;
  readonly reference: string;
}

/**
 * The grammar of an ECG export: version, gain, perhaps the mapping channels, the channel names, then rows of integers,
 * one per channel. Three to five header lines: the channel line is found by its form.
 */
export class EcgGrammar {
  readonly row = new Row();
  version = '';
  gain = '';
  mapping: EcgMapping | undefined;
  channels: readonly EcgChannel[] = [];
  rows = 0;
  #headerLines = 0;

  line(line: Line): EcgLine {
    if (this.channels.length > 0) return line.isBlank ? 'blank' : this.#row(line);
    this.#headerLines++;
    if (this.#headerLines > maxHeaderLines) throw broken('the line of channel names is missing', line.number);
    if (line.end - line.start > maxHeaderLength) throw broken('a header line is too long', line.number);
    return this.#header(line.text());
  }

  end(lines: number): void {
    if (this.channels.length === 0) throw broken('the file ends before the channel names', lines);
  }

  #header(text: string): EcgLine {
    if (this.version === '') {
      this.version = /^ECG_Export_(\d\.\d)\s*$/.exec(text)?.[1] ?? '';
      if (this.version === '') throw broken('the first line is not an ECG export’s', 1);
      return 'version';
    }
    const gain = /^Raw ECG to MV \(gain\)\s*=\s*(\S+)\s*$/.exec(text)?.[1];
    if (gain !== undefined && parseNumber(gain) !== undefined) {
      this.gain = gain;
      return 'gain';
    }
    const mapping = mappingIn(text.trimEnd());
    if (mapping) {
      this.mapping = mapping;
      return 'mapping';
    }
    this.channels = channelsIn(text);
    return this.channels.length > 0 ? 'channels' : 'foreign';
  }

  #row(line: Line): 'row' {
    const { count } = this.row.split(line);
    if (count !== this.channels.length) {
      throw broken(`a row has ${count} cells for ${this.channels.length} channels`, line.number);
    }
    if (!this.row.areNumbers()) throw broken('a cell is not a number', line.number);
    this.rows++;
    return 'row';
  }
}

/** Each name ends where the next word first stands: found in one go, however long the line is. */
function mappingIn(text: string): EcgMapping | undefined {
  const [first, second, third] = mappingWords;
  if (!text.startsWith(first)) return undefined;
  const bipolarAt = text.indexOf(second, first.length);
  const referenceAt = bipolarAt < 0 ? -1 : text.indexOf(third, bipolarAt + second.length);
  if (referenceAt < 0) return undefined;
  return {
    unipolar: text.slice(first.length, bipolarAt),
    bipolar: text.slice(bipolarAt + second.length, referenceAt),
    reference: text.slice(referenceAt + third.length),
  };
}

/** `name(number)` again and again, nothing else; names may hold blanks. */
function channelsIn(text: string): EcgChannel[] {
  if (!/^(?:[^()]+\(\d{1,4}\))+\s*$/.test(text)) return [];
  const cell = text.startsWith(' ') ? /([^()]+)\((\d{1,4})\)/g : /([^()]+)\((\d{1,4})\)\s*/g;
  return Array.from(text.matchAll(cell), ([whole, name = '', number]) => ({
    name: name.trim(),
    number: Number(number),
    width: whole.length,
  }));
}

function broken(what: string, line: number): CartoError {
  return new CartoError('UNREADABLE', what, { kind: ecgKind, line });
}
