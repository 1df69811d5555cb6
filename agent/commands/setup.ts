import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { KeyFolder, openLocalKeys, readBundle } from '../../certs/index.ts';
import { exitCode, type GlobalOptions, print, table, UsageError, Verdict } from '../../core/cli.ts';
import { makeFolder, writeFileDurable } from '../../core/files.ts';
import type { Bundle } from '../../protocol/bundle.ts';
import { recordOwn } from '../audit/index.ts';
import { writeConfig } from '../config.ts';
import { foldersOf } from '../folders.ts';

interface Flags {
  readonly bundle: string;
  readonly passphraseFile: string;
  readonly authority: string;
  readonly inbox: readonly string[];
  readonly quietSeconds?: number;
  readonly coolDownSeconds?: number;
  readonly yes?: boolean;
}

/** `vestibule setup`: shows what the bundle would make this appliance trust, then writes site file and bundle. */
export async function setup(options: GlobalOptions, flags: Flags): Promise<void> {
  const folders = foldersOf(options.data);
  if (existsSync(folders.config)) {
    throw new UsageError('MISUSED', 'this appliance is set up already', {
      hint: `Its site file is ${folders.config}.`,
    });
  }
  if (flags.authority !== 'leases') {
    throw new UsageError('MISUSED', `there is no authority ${flags.authority}`, {
      hint: 'Set up with leases; docs/procedure.md says how the site file names another one afterwards.',
    });
  }
  const { bundle, fingerprint } = await readBundle(flags.bundle);
  if (!flags.yes) await confirm(bundle, fingerprint);
  const inboxes = flags.inbox.length > 0 ? flags.inbox.map((inbox) => resolve(inbox)) : [folders.defaultInbox];

  await makeFolder(options.data);
  await makeFolder(folders.folder);
  if (flags.inbox.length === 0) await makeFolder(folders.defaultInbox);
  // The site's own keys, the one that codes are made with among them, are made here and never leave.
  await openLocalKeys(await KeyFolder.open(folders.keys));
  writeFileDurable(folders.passphrase, passphrase(flags.passphraseFile));
  writeFileDurable(folders.bundle, readFileSync(flags.bundle));
  writeConfig(folders.config, {
    inboxes,
    intake: flags.quietSeconds === undefined ? {} : { quietSeconds: flags.quietSeconds },
    procedure: {
      authorities: [flags.authority],
      ...(flags.coolDownSeconds === undefined ? {} : { coolDownSeconds: flags.coolDownSeconds }),
    },
  });
  recordOwn(folders.audit, { action: 'setup', evidence: { bundle: fingerprint } });
  const done = { device: bundle.device, site: bundle.site, fingerprint, inboxes, config: folders.config };
  print(options, done, () => `${bundle.device} is set up; its site file is ${folders.config}. Start it: vestibule run`);
}

async function confirm(bundle: Bundle, fingerprint: string): Promise<void> {
  const { site, device, est, dps, receiptKeys, recipients } = bundle;
  process.stderr.write(
    `${table([
      ['bundle', fingerprint],
      ['site, device', `${site}, ${device}`],
      ['enrols at', est.url],
      ['provisioned by', `${dps.host}:${dps.port}`],
      ['believes receipts of', receiptKeys.map(({ kid }) => kid).join(', ')],
      ['archives open for', recipients.map(({ kid }) => kid).join(', ')],
    ])}\n`,
  );
  if (!process.stdin.isTTY)
    throw new UsageError('MISUSED', 'nobody can be asked here', { hint: 'Compare, then add --yes.' });
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question('Trust this bundle? Type yes: ');
  terminal.close();
  if (answer.trim() !== 'yes') throw new Verdict(exitCode.failed, 'Nothing was changed.');
}

function passphrase(file: string): string {
  const text = readFileSync(file === '-' ? 0 : file, 'utf8').trim();
  if (text === '') throw new UsageError('MISUSED', 'the passphrase is empty');
  return text;
}
