import { openFolder, pseudonymise } from '../carto/index.ts';
import { passAlways } from '../core/gate-flag.ts';
import { measure } from './own-process.ts';

/** One run of the bench `pseudonymise`. */
const [folder = '', what] = process.argv.slice(2);

async function readAll(): Promise<number> {
  const { files } = await openFolder(folder, passAlways);
  const into = Buffer.allocUnsafeSlow(256 * 1024);
  let bytes = 0;
  for (const file of files) for await (const piece of file.open(into)) bytes += piece.length;
  return bytes;
}

async function pseudonymiseAll(): Promise<number> {
  const site = { profile: 'pseudonymised', siteKey: Buffer.alloc(32, 7) } as const;
  const study = await pseudonymise(await openFolder(folder, passAlways), passAlways, site);
  for (const file of study.files) for await (const _ of file.open({ transient: true }));
  return study.sourceBytes;
}

await measure(what === 'read' ? readAll : pseudonymiseAll);
