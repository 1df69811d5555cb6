import { openFolder, pseudonymise } from '../carto/index.ts';
import { passAlways } from '../core/gate-flag.ts';

/** One run of the bench `pseudonymise`, in a process of its own: so its memory and its processor time are its own. */
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

const startedMs = performance.now();
const before = process.cpuUsage();
const bytes = await (what === 'read' ? readAll() : pseudonymiseAll());
const { user, system } = process.cpuUsage(before);
const seconds = (performance.now() - startedMs) / 1000;
const peakRssBytes = process.resourceUsage().maxRSS * 1024;
process.stdout.write(JSON.stringify({ bytes, seconds, cpuSeconds: (user + system) / 1e6, peakRssBytes }));
