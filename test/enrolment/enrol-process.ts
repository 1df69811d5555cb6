import { readFileSync } from 'node:fs';
import { KeyFolder } from '../../certs/index.ts';
import { bundleSchema } from '../../protocol/bundle.ts';
import { enrolAt, quickClock } from './cloud-side.ts';

/** An appliance in a process of its own, to be killed: enrols, printing `waiting FINGERPRINT` and `enrolled`. */
const [bundlePath, folderPath, passphrase] = process.argv.slice(2);
const bundle = bundleSchema.parse(JSON.parse(readFileSync(bundlePath!, 'utf8')));
await enrolAt(bundle, await KeyFolder.open(folderPath!), {
  ...(passphrase === undefined ? {} : { passphrase }),
  clock: { ...quickClock(), sleep: () => new Promise((resolve) => setTimeout(resolve, 20)) },
  onWaiting: ({ fingerprint }) => process.stdout.write(`waiting ${fingerprint}\n`),
});
process.stdout.write('enrolled\n');
