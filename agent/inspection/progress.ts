import type { Source } from '../../carto/index.ts';
import { formatBytes } from '../../core/cli.ts';

/** At most so often is a line written again. */
const everyMs = 200;

/**
 * The same source, telling on a terminal how much has been read of it. `clear` wipes the line. Elsewhere nothing is
 * written: a pipe gets no line that overwrites itself.
 */
export function withProgress(source: Source): { readonly source: Source; clear(): void } {
  const { stderr } = process;
  if (!stderr.isTTY) return { source, clear: () => {} };
  let bytes = 0;
  let shownAt = 0;
  const show = (more: number) => {
    bytes += more;
    const now = performance.now();
    if (now - shownAt < everyMs) return;
    shownAt = now;
    stderr.write(`\r\u001b[Kreading: ${formatBytes(bytes)}`);
  };
  const files = source.files.map((file) => ({
    ...file,
    async *open() {
      for await (const piece of file.open()) {
        show(piece.length);
        yield piece;
      }
    },
  }));
  return { source: { ...source, files }, clear: () => stderr.write('\r\u001b[K') };
}
