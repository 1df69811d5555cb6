import type { Look } from './looks.ts';
import type { Picture, Shape } from './model.ts';

export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

export function figureOf({ label, caption, box, shapes }: Picture): string {
  const view = [box.left, box.top, box.width, box.height].join(' ');
  return `<figure><svg viewBox="${view}" role="img" aria-label="${escaped(label)}">${shapes.map(svgOf).join('')}</svg><figcaption>${escaped(caption)}</figcaption></figure>`;
}

/** Places are written with one decimal: a tenth of a pixel. */
const n = (value: number) => value.toFixed(1);

export function svgOf(shape: Shape): string {
  const look = `class="${shape.look}${shape.faint ? ' faint' : ''}"`;
  switch (shape.kind) {
    case 'polygon':
      return `<path ${look} d="M${shape.corners.map(([x, y]) => `${n(x)} ${n(y)}`).join('L')}z"/>`;
    case 'line': {
      const [[x1, y1], [x2, y2]] = [shape.from, shape.to];
      return `<line ${look} x1="${n(x1)}" y1="${n(y1)}" x2="${n(x2)}" y2="${n(y2)}"/>`;
    }
    case 'circle': {
      const circle = `<circle ${look} cx="${n(shape.x)}" cy="${n(shape.y)}" r="${n(shape.radius)}"`;
      return shape.note === undefined ? `${circle}/>` : `${circle}><title>${escaped(shape.note)}</title></circle>`;
    }
    case 'text':
      return `<text ${look} text-anchor="${shape.anchor}" x="${n(shape.x)}" y="${n(shape.y)}">${escaped(shape.text)}</text>`;
  }
}

/** All looks as rules of a stylesheet. */
export function lookRules(looks: Readonly<Record<string, Look>>): string {
  return Object.entries(looks)
    .map(([name, look]) => `.${name}{${declarationsOf(look)}}`)
    .join('');
}

function declarationsOf({ fill, fillOpacity, stroke, strokeWidth, size, bold }: Look): string {
  const declarations: readonly (readonly [string, string | number | undefined])[] = [
    ['fill', fill ?? 'none'],
    ['fill-opacity', fillOpacity],
    ['stroke', stroke],
    ['stroke-width', strokeWidth],
    ['font-size', size && `${size}px`],
    ['font-weight', bold ? 700 : undefined],
  ];
  return declarations.flatMap(([name, value]) => (value === undefined ? [] : [`${name}:${value}`])).join(';');
}
