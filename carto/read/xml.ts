import { SaxesParser } from 'saxes';
import type { Checkpoint } from '../../core/gate-flag.ts';
import { textOf } from '../decode.ts';
import { CartoError } from '../error.ts';
import { expectAtMost } from '../pieces.ts';
import type { SourceFile } from '../source.ts';
import { Fields } from './fields.ts';

/** The largest XML of an export is the study's: some hundred bytes per point. */
const maxXmlBytes = 512 * 2 ** 20;
const maxDepth = 64;

export interface XmlFile {
  readonly file: SourceFile;
  readonly kind: string;
  readonly checkpoint: Checkpoint;
}

export interface XmlHandlers {
  declaration?(): void;
  open(name: string, fields: Fields, selfClosing: boolean): void;
  close?(name: string, selfClosing: boolean): void;
  /** The whole text between two tags; line ends are `\n`. */
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
  connect(parser, kind, handlers);
  for await (const text of textOf(file, checkpoint)) {
    parser.write(text);
    yield;
  }
  parser.close();
  yield;
}

function connect(parser: SaxesParser, kind: string, handlers: XmlHandlers): void {
  let depth = 0;
  const broken = (what: string) => new CartoError('UNREADABLE', what, { kind, line: parser.line });
  parser.on('error', () => {
    throw broken('the XML is not well-formed or is cut off');
  });
  parser.on('doctype', () => {
    throw broken('the XML has a document type, which an export never has');
  });
  parser.on('xmldecl', () => handlers.declaration?.());
  parser.on('opentag', (tag) => {
    depth++;
    if (depth > maxDepth) throw broken('the XML nests too deep');
    handlers.open(tag.name, new Fields(tag.attributes, kind, parser.line), tag.isSelfClosing);
  });
  parser.on('closetag', (tag) => {
    depth--;
    handlers.close?.(tag.name, tag.isSelfClosing);
  });
  parser.on('text', (text) => handlers.text?.(text, parser.line));
  parser.on('cdata', (text) => handlers.text?.(text, parser.line));
}
