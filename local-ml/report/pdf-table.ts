import { type Cell, cellText, type Table } from './model.ts';
import { type Doc, ink, page, type TextStyle, textHeight, textWidth, textWidthOf, write } from './pdf-page.ts';
import type { Strip } from './strips.ts';

const pad = { x: 4, y: 1.8 } as const;
/** Points of the type that are tried, one after the other, until the columns fit. */
const sizes = [8, 7.5, 7, 6.5, 6, 5.5, 5] as const;

/** A table over the whole width: words to the left, numbers to the right. Its head comes again on each page. */
export function tableStrips(doc: Doc, { head, rows, words }: Table): readonly Strip[] {
  const texts = rows.map((row) => row.map(cellText));
  const columns = (one: number) => columnsOf(doc, { head, texts, words }, one);
  const size = sizes.find((one) => sum(columns(one).least) <= textWidth) ?? sizes.at(-1)!;
  const look = { widths: spread(columns(size), textWidth), size, words };
  const headStrip: Strip = { ...rowStrip(doc, head, { ...look, isHead: true }), keepsNext: true };
  const body = texts.map((row) => ({ ...rowStrip(doc, row, look), head: headStrip }));
  return [headStrip, ...body, room];
}

/** Names and their values; a value takes what the names leave. */
export function factStrips(doc: Doc, rows: readonly (readonly [name: string, value: Cell])[]): readonly Strip[] {
  const size = sizes[0];
  const names = Math.max(...rows.map(([name]) => textWidthOf(doc, name, { size }))) + 2 * pad.x + 8;
  const look = { widths: [names, textWidth - names], size, words: [0, 1] };
  return [...rows.map((row) => rowStrip(doc, row.map(cellText), look)), room];
}

const room: Strip = { height: 6, draw: () => {} };

interface Columns {
  /** With which no line is broken. */
  readonly best: readonly number[];
  /** With which no line but of titles is broken. */
  readonly wanted: readonly number[];
  /** With which no word and no number is broken. */
  readonly least: readonly number[];
}

interface Content {
  readonly head: readonly string[];
  readonly texts: readonly (readonly string[])[];
  readonly words: readonly number[];
}

/** Titles may be broken between words, and so may cells of words when there is need; numbers never. */
function columnsOf(doc: Doc, { head, texts, words }: Content, size: number): Columns {
  const widest = (lines: readonly string[], isBold = false) =>
    2 * pad.x + Math.max(0, ...lines.map((line) => textWidthOf(doc, line, { size, isBold })));
  const columns = head.map((title, at) => {
    const cells = texts.map((row) => row[at] ?? '');
    const pieces = words.includes(at) ? cells.flatMap((cell) => cell.split(' ')) : cells;
    const [ofTitle, before] = [widest(title.split(' '), true), leadOf(words, at)];
    return {
      best: before + Math.max(widest([title], true), widest(cells)),
      wanted: before + Math.max(ofTitle, widest(cells)),
      least: before + Math.max(ofTitle, widest(pieces)),
    };
  });
  return {
    best: columns.map(({ best }) => best),
    wanted: columns.map(({ wanted }) => wanted),
    least: columns.map(({ least }) => least),
  };
}

/** Words after a number stand off from it. */
const leadOf = (words: readonly number[], at: number) =>
  at > 0 && words.includes(at) && !words.includes(at - 1) ? 14 : 0;

/** Widths that fill the whole: the best that fit, with what is left shared out, or between the least and the wanted. */
function spread({ best, wanted, least }: Columns, whole: number): readonly number[] {
  const fitting = [best, wanted].find((widths) => sum(widths) <= whole);
  if (fitting) return fitting.map((width) => width + (whole - sum(fitting)) / fitting.length);
  const span = sum(wanted) - sum(least);
  const share = span === 0 ? 0 : Math.max(0, (whole - sum(least)) / span);
  const widths = least.map((width, at) => width + share * (wanted[at]! - width));
  return widths.map((width) => width * Math.min(1, whole / sum(widths)));
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

interface RowLook {
  readonly widths: readonly number[];
  readonly size: number;
  readonly words: readonly number[];
  readonly isHead?: boolean;
}

function rowStrip(doc: Doc, cells: readonly string[], { widths, size, words, isHead = false }: RowLook): Strip {
  const leads = cells.map((_, at) => leadOf(words, at));
  const styles = cells.map(
    (_, at): TextStyle => ({
      ...{ size, isBold: isHead, width: widths[at]! - leads[at]! - 2 * pad.x },
      ...{ align: words.includes(at) ? 'left' : 'right', color: isHead ? ink.soft : ink.text },
    }),
  );
  const heights = cells.map((text, at) => textHeight(doc, text, styles[at]!));
  const height = Math.max(...heights) + 2 * pad.y;
  const draw = (top: number) => {
    let x: number = page.left;
    for (const [at, text] of cells.entries()) {
      // Titles stand on the rule, values hang from the one above.
      const down = isHead ? height - pad.y - heights[at]! : pad.y;
      write(doc, text, { ...styles[at]!, x: x + leads[at]! + pad.x, top: top + down });
      x += widths[at]!;
    }
    doc.moveTo(page.left, top + height).lineTo(page.left + sum(widths), top + height);
    doc.lineWidth(isHead ? 0.8 : 0.4).stroke(isHead ? ink.rule : ink.faint);
  };
  return { height, draw };
}
