import { faintOpacity, looks } from './looks.ts';
import { type Block, type Cell, cellText, type Key, type Report } from './model.ts';
import { escaped, figureOf, lookRules, svgOf } from './svg.ts';

/** The report as one page without scripts, fonts or anything from outside. */
export function htmlOf({ title, notice, review, sections }: Report): string {
  const noticed = `<p class="notice">${escaped(notice)}</p>`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(title)}</title><style>${style}${lookRules(looks)}</style></head><body>
<header><h1>${escaped(title)}</h1>${noticed}${review === undefined ? '' : `<p class="review">${escaped(review)}</p>`}</header>
${sections.map((one) => `<section><h2>${escaped(one.title)}</h2>${one.blocks.map(blockOf).join('')}</section>`).join('')}
<footer>${noticed}</footer></body></html>
`;
}

function blockOf(block: Block): string {
  switch (block.kind) {
    case 'paragraph':
      return `<p>${escaped(block.text)}</p>`;
    case 'list':
      return `<ul>${block.items.map((item) => `<li>${escaped(item)}</li>`).join('\n')}</ul>`;
    case 'table':
      return tableOf(`<thead>${rowOf('th', block.head, block.words)}</thead>`, block.rows, block.words);
    case 'facts':
      return tableOf('', block.rows, [0, 1]);
    case 'keys':
      return `<div class="keys">${block.keys.map(keyOf).join('')}</div>`;
    case 'pictures':
      return `<div class="pictures of${block.columns}">${block.pictures.map(figureOf).join('')}</div>`;
  }
}

function rowOf(tag: 'th' | 'td', cells: readonly Cell[], words: readonly number[]): string {
  const begun = (at: number) => (words.includes(at) ? `<${tag} class="w">` : `<${tag}>`);
  return `<tr>${cells.map((cell, at) => `${begun(at)}${escaped(cellText(cell))}</${tag}>`).join('')}</tr>`;
}

const tableOf = (head: string, rows: readonly (readonly Cell[])[], words: readonly number[]) =>
  `<table>${head}<tbody>${rows.map((row) => rowOf('td', row, words)).join('')}</tbody></table>`;

function keyOf({ shape, look, text }: Key): string {
  const sign =
    shape === 'square'
      ? `<rect class="${look}" width="10" height="10"/>`
      : svgOf({ kind: 'circle', look, x: 5, y: 5, radius: 4 });
  return `<span class="key"><svg viewBox="0 0 10 10">${sign}</svg>${escaped(text)}</span>`;
}

const style = `
:root{font:14px/1.45 system-ui,sans-serif;color:#1d1f24;background:#fff}
body{max-width:1080px;margin:0 auto;padding:16px}
h1{font-size:22px;margin:0}h2{font-size:16px;margin:26px 0 8px;border-bottom:1px solid #ccd}
.notice{background:#f3f0e4;border-left:4px solid #b08a1e;padding:6px 10px;margin:8px 0}
.review{background:#fbe5df;border-left:4px solid #b5391f;padding:6px 10px;margin:8px 0;font-weight:600}
.pictures{display:grid;gap:8px}.of3{grid-template-columns:repeat(3,1fr)}.of2{grid-template-columns:repeat(2,1fr)}
figure{margin:0;border:1px solid #dde;border-radius:4px;background:#fafafc}figcaption{text-align:center;padding:2px 6px 6px;color:#445}
svg{display:block;width:100%}.key{display:inline-flex;align-items:center;gap:4px;margin:0 12px 4px 0;font-size:12px}.key svg{width:12px;height:12px}
path{stroke-linejoin:round}.faint{opacity:${faintOpacity}}text{font-family:sans-serif}
table{border-collapse:collapse;width:100%;margin:4px 0}th,td{text-align:right;padding:3px 8px;border-bottom:1px solid #e4e4ec;font-variant-numeric:tabular-nums}
.w{text-align:left}:not(.w)+.w{padding-left:28px}th{color:#445;font-weight:600;font-size:12px}
@media print{section{break-inside:avoid}}
`;
