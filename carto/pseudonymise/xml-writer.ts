import type { Fields } from '../read/fields.ts';
import { type XmlFile, type XmlHandlers, xmlSteps } from '../read/xml.ts';
import type { Pen } from './pen.ts';
import { isDefaultTag } from './vocabulary.ts';

/**
 * Rewrites an XML file: elements that the rules name, with the attributes and texts that they name, in the layout they
 * had. Any other element is left out with all that is in it.
 */
export async function* writeXml(xml: XmlFile, pen: Pen): AsyncGenerator<Buffer> {
  const writer = new XmlWriter(pen);
  for await (const _ of xmlSteps(xml, writer)) yield writer.take();
}

class XmlWriter implements XmlHandlers {
  readonly #pen: Pen;
  readonly #elements: ReadonlySet<string>;
  #out = '';
  #path: string[] = [];
  /** How deep inside an element that is left out; 0 outside. */
  #skipped = 0;

  constructor(pen: Pen) {
    this.#pen = pen;
    this.#elements = new Set(Object.keys(pen.desk.rules[pen.kind] ?? {}).map((field) => field.replace(/[@#].*$/, '')));
  }

  take(): Buffer {
    const bytes = Buffer.from(this.#out, 'utf8');
    this.#out = '';
    return bytes;
  }

  declaration(): void {
    this.#out += '<?xml version="1.0" ?>';
  }

  open(name: string, fields: Fields, selfClosing: boolean): void {
    if (this.#skipped > 0 || !this.#elements.has(name) || this.#isDropped(name)) {
      if (this.#skipped === 0 && !this.#isDropped(name)) this.#pen.desk.warnings.add('dropped-element', this.#pen.kind);
      this.#skipped++;
      return;
    }
    this.#path.push(name);
    const attributes = Object.keys(fields.all).map((attribute) => this.#attribute(name, attribute, fields));
    this.#out += `<${name}${attributes.join('')}${selfClosing ? ' />' : '>'}`;
  }

  close(name: string, selfClosing: boolean): void {
    if (this.#skipped > 0) {
      this.#skipped--;
      return;
    }
    this.#path.pop();
    if (!selfClosing) this.#out += `</${name}>`;
  }

  /** Layout between elements stays; text goes by the rule of its element. */
  text(text: string): void {
    if (this.#skipped > 0) return;
    if (/^[ \t\r\n]*$/.test(text)) {
      this.#out += lineEnds(text);
      return;
    }
    const field = `${this.#path.at(-1) ?? ''}#text`;
    if (!this.#pen.ruleOf(field)) this.#pen.desk.warnings.add('dropped-element', this.#pen.kind);
    this.#out += lineEnds(escapeXml(this.#pen.writeFound(field, text) ?? ''));
  }

  #isDropped(element: string): boolean {
    return this.#pen.ruleOf(element)?.do === 'drop';
  }

  #attribute(element: string, attribute: string, fields: Fields): string {
    const field = `${element}@${attribute}`;
    const value = fields.text(attribute) ?? '';
    const rule = this.#pen.ruleOf(field);
    if (!rule) this.#pen.desk.warnings.add('dropped-attribute', this.#pen.kind);
    const isFormat = rule?.do === 'code' && rule.as === 'tag' && isOfDefaultTag(fields);
    const written = isFormat ? value : this.#pen.writeFound(field, value);
    if (written === undefined) return '';
    // Only the hardware names attributes: <Connector CS_CONNECTOR="file" />.
    const name = rule === this.#pen.ruleOf(`${element}@*`) ? this.#pen.namePart('connector', attribute) : attribute;
    return ` ${name}="${escapeXml(written)}"`;
  }
}

function isOfDefaultTag(fields: Fields): boolean {
  return isDefaultTag(fields.text('Short_Name') ?? '', fields.text('Full_Name') ?? '');
}

/** The parser hands line ends over as `\n`; an export has `\r\n`. */
function lineEnds(text: string): string {
  return text.includes('\n') ? text.replaceAll('\n', '\r\n') : text;
}

function escapeXml(text: string): string {
  if (!/[&<>"]/.test(text)) return text;
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
