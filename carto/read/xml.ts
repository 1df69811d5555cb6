import { SaxesParser } from 'saxes';
import type { Checkpoint } from '../../core/gate-flag.ts';
import { textOf } from '../decode.ts';
import { CartoError } from '../error.ts';
import { expectAtMost } from '../pieces.ts';
import type { SourceFile } from '../source.ts';
import { Fields } from './fields.ts';

/** The largest XML of an export is the study's: some hundred bytes per point. */
const maxXmlBytes = 128 * 2 ** 20;
const maxDepth = 64;
/** Between one tag or text and the next. An attribute, a comment or a text that never ends would fill the memory. */
const maxTokenChars = 8 * 2 ** 20;

/** Parsed in one go: some milliseconds. */
const charsPerStep = 1 << 16;

export interface XmlFile {
  readonly file: SourceFile;
  readonly kind: string;
  readonly checkpoint: Checkpoint;
}

export interface XmlHandlers {
  declaration?(): void;
  open(name: string, fields: Fields, selfClosing: boolean): void;
  close?(name: string, selfClosing: boolean): void;
  /** The whole text between two tags, whatever comments and sections divide it; line ends are `\n`. */
  text?(text: string, line: number): void;
}

/** Parses a file, calling the handlers; ends early once `enough` says so. Throws UNREADABLE with the line. */
export async function parseXml(xml: XmlFile, handlers: XmlHandlers, enough = () => false): Promise<void> {
  for await (const _ of xmlSteps(xml, handlers)) if (enough()) return;
}

/** The same in steps: yields after each piece, so that a caller can pass on what the handlers made of it. */
export async function* xmlSteps({ file, kind, checkpoint }: XmlFile, handlers: XmlHandlers): AsyncGenerator<void> {
  expectAtMost(file, maxXmlBytes, kind);
  const parser = new SaxesParser({ position: true });
  const progress = connect(parser, kind, handlers);
  for await (const text of textOf(file, checkpoint, kind)) {
    for (let at = 0; at < text.length; at += charsPerStep) {
      if (at > 0) await checkpoint();
      const some = text.slice(at, at + charsPerStep);
      progress.chars += some.length;
      if (progress.chars > maxTokenChars) throw progress.broken('an attribute, a comment or a text does not end');
      parser.write(some);
      yield;
    }
  }
  parser.close();
  progress.endText();
  yield;
}

/** How much was written to a parser since it last found the end of a tag or text. */
interface Progress {
  chars: number;
  /** Hands on the text that has come since the last tag. */
  endText(): void;
  broken(what: string): CartoError;
}

function connect(parser: SaxesParser, kind: string, handlers: XmlHandlers): Progress {
  let depth = 0;
  const broken = (what: string) => new CartoError('UNREADABLE', what, { kind, line: parser.line });
  parser.on('error', () => {
    throw broken('the XML is not well-formed or is cut off');
  });
  parser.on('doctype', () => {
    throw broken('the XML has a document type, which an export never has');
  });
  parser.on('xmldecl', () => handlers.declaration?.());
  let texts: string[] = [];
  const endText = () => {
    const [text = '', ...more] = texts;
    if (texts.length > 0) handlers.text?.(more.length === 0 ? text : texts.join(''), parser.line);
    texts = [];
  };
  const progress: Progress = { chars: 0, endText, broken };
  parser.on('opentag', (tag) => {
    progress.chars = 0;
    endText();
    depth++;
    if (depth > maxDepth) throw broken('the XML nests too deep');
    handlers.open(tag.name, new Fields(tag.attributes, kind, parser.line), tag.isSelfClosing);
  });
  parser.on('closetag', (tag) => {
    progress.chars = 0;
    endText();
    depth--;
    handlers.close?.(tag.name, tag.isSelfClosing);
  });
  parser.on('text', (text) => texts.push(text));
  parser.on('cdata', (text) => texts.push(text));
  return progress;
}
