import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { openSource } from '../open-source.ts';

/**
 * A process that is to be killed while it reads: opens a container, begins to read its largest file, says so, and waits
 * for ever in the middle. `clear`: writes what it reads beside the archive, as a careless spool would, so that a search
 * has something to find.
 */
const [path = '', folder = '', password = '', clear = ''] = process.argv.slice(2);
let isStuck = false;
const source = await openSource(path, () => (isStuck ? new Promise(() => {}) : Promise.resolve()), {
  password,
  spoolFolder: folder,
});
const file = source.files.reduce((one, other) => (one.bytes > other.bytes ? one : other));
const keepAlive = setInterval(() => {}, 1000);
const careless = clear === 'clear' ? createWriteStream(join(folder, '.spool')) : undefined;
for await (const piece of file.open()) {
  careless?.write(piece, () => process.send?.('reading'));
  if (!careless) process.send?.('reading');
  isStuck = true;
}
clearInterval(keepAlive);
