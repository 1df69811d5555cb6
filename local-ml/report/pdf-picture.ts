import { faintOpacity, type Look, looks } from './looks.ts';
import type { Block, Picture, Shape } from './model.ts';
import { bold, type Doc, ink, page, regular, textHeight, textWidth, write } from './pdf-page.ts';
import type { Strip } from './strips.ts';

const between = 8;
const captionStyle = { size: 7.5, color: ink.soft, align: 'center' } as const;

/** Pictures in rows of so many columns, each with its caption below. */
export function pictureRows(
  doc: Doc,
  { columns, pictures }: Extract<Block, { readonly kind: 'pictures' }>,
): readonly Strip[] {
  const width = (textWidth - (columns - 1) * between) / columns;
  const starts = Array.from({ length: Math.ceil(pictures.length / columns) }, (_, row) => row * columns);
  return starts.map((start) => {
    const row = pictures.slice(start, start + columns);
    const pictureHeight = Math.max(...row.map(({ box }) => (width * box.height) / box.width));
    const style = { ...captionStyle, width: width - 8 };
    const high = pictureHeight + Math.max(...row.map(({ caption }) => textHeight(doc, caption, style))) + 4;
    return {
      height: high + between,
      draw: (top) => {
        for (const [at, picture] of row.entries()) {
          const x = page.left + at * (width + between);
          doc.roundedRect(x, top, width, high, 3).lineWidth(0.6).fillAndStroke('#fafafc', '#d8d8e2');
          drawPicture(doc, picture, { x, top, scale: width / picture.box.width });
          write(doc, picture.caption, { ...style, x: x + 4, top: top + pictureHeight });
        }
      },
    };
  });
}

function drawPicture(
  doc: Doc,
  { box, shapes }: Picture,
  { x, top, scale }: { readonly x: number; readonly top: number; readonly scale: number },
): void {
  doc.save().translate(x, top).scale(scale).translate(-box.left, -box.top).lineJoin('round');
  for (const run of runsOf(shapes)) {
    if (run[0]!.kind === 'polygon') drawPolygons(doc, run);
    else for (const shape of run) drawShape(doc, shape);
  }
  doc.restore();
}

/** Neighbours of one look become one run: a path is begun once for all of them. */
function runsOf(shapes: readonly Shape[]): readonly (readonly Shape[])[] {
  const runs: Shape[][] = [];
  for (const shape of shapes) {
    const last = runs.at(-1);
    if (last && last[0]!.kind === shape.kind && last[0]!.look === shape.look) last.push(shape);
    else runs.push([shape]);
  }
  return runs;
}

function drawPolygons(doc: Doc, run: readonly Shape[]): void {
  for (const shape of run) if (shape.kind === 'polygon') trace(doc, shape);
  paint(doc, looks[run[0]!.look], 1);
}

/** Draws one shape in the units that hold. */
export function drawShape(doc: Doc, shape: Shape): void {
  const look = looks[shape.look];
  const opacity = shape.faint ? faintOpacity : 1;
  if (shape.kind === 'text') {
    doc.font(look.bold ? bold : regular).fontSize(look.size ?? 10);
    doc.fillColor(look.fill ?? ink.text, opacity);
    const before = { start: 0, middle: 0.5, end: 1 }[shape.anchor];
    const left = shape.x - before * doc.widthOfString(shape.text);
    doc.text(shape.text, left, shape.y, { lineBreak: false, baseline: 'alphabetic' });
    return;
  }
  trace(doc, shape);
  paint(doc, look, opacity);
}

function trace(doc: Doc, shape: Exclude<Shape, { readonly kind: 'text' }>): void {
  switch (shape.kind) {
    case 'polygon':
      for (const [at, [x, y]] of shape.corners.entries()) at === 0 ? doc.moveTo(x, y) : doc.lineTo(x, y);
      doc.closePath();
      break;
    case 'line':
      doc.moveTo(...shape.from).lineTo(...shape.to);
      break;
    case 'circle':
      doc.circle(shape.x, shape.y, shape.radius);
  }
}

function paint(doc: Doc, { fill, fillOpacity = 1, stroke, strokeWidth = 1 }: Look, opacity: number): void {
  if (fill !== undefined) doc.fillColor(fill).fillOpacity(fillOpacity * opacity);
  if (stroke !== undefined) doc.strokeColor(stroke).strokeOpacity(opacity).lineWidth(strokeWidth);
  if (fill !== undefined && stroke !== undefined) doc.fillAndStroke();
  else if (fill !== undefined) doc.fill();
  else doc.stroke();
}
