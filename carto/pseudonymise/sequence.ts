/** How far numbers of a sequence are apart: a clock that goes on by milliseconds to seconds, from row to row. */
const maxStep = 10_000;

/**
 * Whether the number that ends at `end` is one of a sequence: it fills a cell of its line, and the same cell of the
 * line before or behind holds a number a little smaller or larger. Time stamps are such numbers, and among a hundred
 * thousand of them one may well read like a record number that staff typed; a record number in a column would stand
 * alone, or be the same in every row. Looks at the text alone; `text` may begin and end within a line.
 */
export function isOfSequence(text: string, end: number): boolean {
  const start = text.lastIndexOf('\n', end - 1) + 1;
  const own = lineAt(text, start);
  if (own === undefined) return false;
  const at = own.findIndex(({ index, 0: cell }) => start + index + cell.length === end);
  const value = numberAt(own, at);
  if (value === undefined) return false;
  const feedBefore = start > 1 ? text.lastIndexOf('\n', start - 2) : -1;
  const before = feedBefore < 0 ? undefined : lineAt(text, feedBefore + 1);
  const behind = lineAt(text, text.indexOf('\n', end) + 1);
  return [before, behind].some((line) => {
    const step = Math.abs(value - (numberAt(line, at) ?? value));
    return step > 0 && step <= maxStep;
  });
}

/** The cells of the line that begins there; undefined for one that does not end within the text. */
function lineAt(text: string, start: number): RegExpExecArray[] | undefined {
  const feed = text.indexOf('\n', start);
  return feed < 0 ? undefined : [...text.slice(start, feed).matchAll(/\S+/g)];
}

function numberAt(cells: readonly RegExpExecArray[] | undefined, at: number): number | undefined {
  const cell = cells?.[at]?.[0];
  return cell !== undefined && /^\d{1,15}$/.test(cell) ? Number(cell) : undefined;
}
