/** Makes small files of large ones, so that a run takes microseconds and a mutation hits something that matters. */

const maxBytes = 6000;
/** An XML that is cut off is refused at its end: the cut is made as late as can be. */
const maxXmlBytes = 24_000;
const keptOfARun = 3;

/** `name`: how the file is called, which tells XML and meshes from tables. */
export function thin(name: string, content: Buffer): Buffer {
  const text = content.toString('latin1');
  const isXml = name.endsWith('.xml');
  const thinned = name.toLowerCase().endsWith('.mesh') ? thinMesh(text) : isXml ? thinXml(text) : text;
  return Buffer.from(cutAtLine(thinned, isXml ? maxXmlBytes : maxBytes), 'latin1');
}

/** Of a row of lines with the same element only the first few stay. */
function thinXml(text: string): string {
  let last = '';
  let run = 0;
  const lines = text.split('\n').filter((line) => {
    const element = /^\s*<(\w+)[^>]*\/>/.exec(line)?.[1] ?? '';
    run = element !== '' && element === last ? run + 1 : 0;
    last = element;
    return run < keptOfARun;
  });
  return lines.join('\n');
}

const vertices = 6;

/** The first vertices, and the triangles between them, with numbers and counts put right. */
function thinMesh(text: string): string {
  const counts: Record<string, number> = {};
  let section = '';
  const lines = text.split('\n').flatMap((line) => {
    section = /^\[(\w+)\]/.exec(line)?.[1] ?? section;
    const [, lead, row, rest = ''] = /^(\s*)(\d+)( =.*\s*)$/.exec(line) ?? [];
    if (row === undefined) return [line];
    const corners = section === 'TrianglesSection' ? rest.slice(2).trim().split(/\s+/).slice(0, 3) : [row];
    if (!corners.every((corner) => Number(corner) < vertices)) return [];
    const at = counts[section] ?? 0;
    counts[section] = at + 1;
    return [`${lead}${at}${rest}`];
  });
  return lines
    .join('\n')
    .replace(/^(NumVertex\s*= )\d+/m, `$1${counts.VerticesSection ?? 0}`)
    .replace(/^(NumTriangle\s*= )\d+/m, `$1${counts.TrianglesSection ?? 0}`);
}

function cutAtLine(text: string, limit: number): string {
  return text.length <= limit ? text : text.slice(0, text.lastIndexOf('\n', limit) + 1 || limit);
}
