import { CartoError } from '../../../carto/error.ts';
import { isOfSequence } from '../../../carto/pseudonymise/sequence.ts';
import { plants } from './mutate.ts';

/** What a run may not do. `hang`, `memory` and `died` are told from outside. */
export type FailureKind =
  | 'crash'
  | 'error-form'
  | 'leak'
  | 'quotes-content'
  | 'collateral'
  | 'hang'
  | 'memory'
  | 'died';

export class FuzzFailure extends Error {
  readonly failure: FailureKind;

  constructor(failure: FailureKind, message: string) {
    super(message);
    this.name = 'FuzzFailure';
    this.failure = failure;
  }
}

/** `accepted`, `refused` with its code, or a failure. */
export type Verdict =
  | { readonly outcome: 'accepted' }
  | { readonly outcome: 'refused'; readonly code: string; readonly hasLine: boolean }
  | { readonly outcome: 'failed'; readonly failure: FailureKind; readonly message: string };

/** Codes of errors that concern no single place of a file, and so have no line. */
const withoutLine = new Set([
  'TOO_LARGE',
  'EMPTY',
  'NO_STUDY',
  'PHI_SUSPECTED',
  'UNSUPPORTED',
  'UNSAFE_NAME',
  'PASSWORD_NEEDED',
  'WRONG_PASSWORD',
]);

/** Archives have no lines. */
const withoutLines = new Set(['container', 'zip', '7z']);

/** Of a whole source rather than of a kind of file. */
const withoutKind = new Set(['TOO_LARGE', 'UNSUPPORTED', 'UNSAFE_NAME', 'PASSWORD_NEEDED', 'WRONG_PASSWORD']);

/** Errors over the whole of a file: no line of it is to blame. */
const wholeFile =
  /^(?:a line does not end|a file is in UTF-16|two maps of the study have the same name|\d+ study XMLs|the table of forces is missing)/;

export function judge(error: unknown): Verdict {
  if (error instanceof FuzzFailure) return { outcome: 'failed', failure: error.failure, message: error.message };
  if (!(error instanceof CartoError)) {
    return {
      outcome: 'failed',
      failure: 'crash',
      message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  }
  const hasLine = error.line !== undefined;
  const form = formOf(error);
  if (form !== undefined)
    return { outcome: 'failed', failure: 'error-form', message: `${form}: ${error.code} ${error.message}` };
  const quoted = hasPlant(Buffer.from(`${error.message} ${error.hint ?? ''}`));
  if (quoted) return { outcome: 'failed', failure: 'quotes-content', message: error.message };
  return { outcome: 'refused', code: error.code, hasLine };
}

/** What a refusal lacks: it names the kind of file and, where one is to blame, the line. */
function formOf({ code, kind, line, message, hint }: CartoError): string | undefined {
  if (hint === undefined || hint === '') return 'no hint';
  if (code === 'EMPTY' || code === 'NO_STUDY') return undefined;
  if (kind === undefined && !withoutKind.has(code)) return 'no kind';
  const mayLackLine = withoutLine.has(code) || withoutLines.has(kind ?? '') || wholeFile.test(message);
  if (line === undefined && !mayLackLine) return 'no line';
  return undefined;
}

const words = plants.words.map((word) => word.toLowerCase());

/**
 * A planted word anywhere in any letter case, or a planted number that stands alone: digits among others, behind a decimal
 * point, or in a row of time stamps are no identifier any more (see `pseudonymise`).
 */
export function hasPlant(bytes: Buffer): string | undefined {
  const text = bytes.toString('latin1');
  const folded = text.toLowerCase();
  const word = words.find((one) => folded.includes(one));
  return word ?? plants.numbers.find((number) => standsAlone(text, number));
}

function standsAlone(text: string, number: string): boolean {
  for (const { index } of text.matchAll(new RegExp(`(?<!\\d)(?<!\\d[.,])${number}(?!\\d)`, 'g'))) {
    if (!isOfSequence(text, index + number.length)) return true;
  }
  return false;
}
