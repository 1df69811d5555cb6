import type { Block, Key, Report, Section } from './model.ts';
import { type Doc, ink, page, type TextStyle, textHeight, textWidth, textWidthOf, write } from './pdf-page.ts';
import { drawShape, pictureRows } from './pdf-picture.ts';
import { factStrips, tableStrips } from './pdf-table.ts';
import type { Strip } from './strips.ts';

/** The report's sections, each as the strips that it is set of. */
export function groupsOf(doc: Doc, report: Report): readonly (readonly Strip[])[] {
  return [headOf(doc, report), ...report.sections.map((section) => sectionOf(doc, section))];
}

function headOf(doc: Doc, { title, notice, review }: Report): readonly Strip[] {
  return [
    lineOf(doc, title, { size: 18, isBold: true }, 4),
    boxOf(doc, notice, { fill: '#f3f0e4', bar: '#b08a1e' }),
    ...(review === undefined ? [] : [boxOf(doc, review, { fill: '#fbe5df', bar: '#b5391f', isBold: true })]),
  ];
}

function sectionOf(doc: Doc, { title, blocks }: Section): readonly Strip[] {
  const heading = lineOf(doc, title, { size: 11, isBold: true }, 8);
  const ruled: Strip = {
    height: heading.height,
    keepsNext: true,
    draw: (top) => {
      heading.draw(top);
      const y = top + heading.height - 6;
      doc.moveTo(page.left, y).lineTo(page.left + textWidth, y);
      doc.lineWidth(0.6).stroke(ink.rule);
    },
  };
  return [ruled, ...blocks.flatMap((block) => blockOf(doc, block))];
}

const body = { size: 8.5 } as const;

function blockOf(doc: Doc, block: Block): readonly Strip[] {
  switch (block.kind) {
    case 'paragraph':
      return [lineOf(doc, block.text, body, 4)];
    case 'list':
      return block.items.map((item) => itemOf(doc, item));
    case 'table':
      return tableStrips(doc, block);
    case 'facts':
      return factStrips(doc, block.rows);
    case 'keys':
      return keyLines(doc, block.keys);
    case 'pictures':
      return pictureRows(doc, block);
  }
}

/** Text over the whole width, as many lines as it needs, with room below. */
function lineOf(doc: Doc, text: string, look: TextStyle, below: number): Strip {
  const style = { ...look, width: textWidth };
  return {
    height: textHeight(doc, text, style) + below,
    draw: (top) => write(doc, text, { ...style, x: page.left, top }),
  };
}

function itemOf(doc: Doc, text: string): Strip {
  const indent = 10;
  const style = { ...body, width: textWidth - indent };
  return {
    height: textHeight(doc, text, style) + 2,
    draw: (top) => {
      write(doc, '•', { ...body, x: page.left + 1, top });
      write(doc, text, { ...style, x: page.left + indent, top });
    },
  };
}

interface BoxLook {
  readonly fill: string;
  readonly bar: string;
  readonly isBold?: boolean;
}

function boxOf(doc: Doc, text: string, { fill, bar, isBold = false }: BoxLook): Strip {
  const [pad, barWidth, below] = [6, 3, 5];
  const style = { ...body, isBold, width: textWidth - barWidth - 2 * pad };
  const high = textHeight(doc, text, style) + 2 * pad;
  return {
    height: high + below,
    draw: (top) => {
      doc.rect(page.left, top, textWidth, high).fill(fill);
      doc.rect(page.left, top, barWidth, high).fill(bar);
      write(doc, text, { ...style, x: page.left + barWidth + pad, top: top + pad });
    },
  };
}

/** Keys side by side, as many in a line as there is room for. */
function keyLines(doc: Doc, keys: readonly Key[]): readonly Strip[] {
  const [sign, between, style] = [8, 12, { size: 8 }];
  const lines: { readonly key: Key; readonly x: number }[][] = [[]];
  let x = 0;
  for (const key of keys) {
    const width = sign + 4 + textWidthOf(doc, key.text, style);
    if (x > 0 && x + width > textWidth) {
      lines.push([]);
      x = 0;
    }
    lines.at(-1)!.push({ key, x: page.left + x });
    x += width + between;
  }
  const high = textHeight(doc, 'Xy', style);
  return lines.map((line, at) => ({
    height: high + (at === lines.length - 1 ? 5 : 2),
    keepsNext: true,
    draw: (top) => {
      for (const one of line) {
        drawSign(doc, one.key, { x: one.x, top: top + (high - sign) / 2, size: sign });
        write(doc, one.key.text, { ...style, x: one.x + sign + 4, top });
      }
    },
  }));
}

function drawSign(
  doc: Doc,
  { shape, look }: Key,
  { x, top, size }: { readonly x: number; readonly top: number; readonly size: number },
): void {
  const [right, bottom] = [x + size, top + size];
  const corners = [
    [x, top],
    [right, top],
    [right, bottom],
    [x, bottom],
  ] as const;
  doc.save();
  if (shape === 'square') drawShape(doc, { kind: 'polygon', look, corners });
  else drawShape(doc, { kind: 'circle', look, x: x + size / 2, y: top + size / 2, radius: size / 2 - 0.6 });
  doc.restore();
}
