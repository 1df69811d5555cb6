import { type Command, Option } from 'commander';
import type { GlobalOptions } from '../core/cli.ts';
import { runCommandLine } from '../core/command-line.ts';
import { version } from '../core/version.ts';
import { defaultHolder, defaultSince, duration, holderName, minutes } from './quick-verb.ts';

/** Parses and runs any verb, and explains mistakes. */
export async function runVerb(words: readonly string[]): Promise<void> {
  await runCommandLine('vestibule', words, addVerbs);
}

/** Every verb of `vestibule`, with what it does when it is parsed. */
export function addVerbs(vestibule: Command, options: GlobalOptions): void {
  vestibule
    .description('Gateway appliance beside a CARTO 3 system: takes exports in, pseudonymised, and delivers them.')
    .version(version());

  vestibule
    .command('status')
    .description('what the appliance does and why it waits')
    .action(async () => (await import('./commands/status.ts')).status(options));

  const cases = vestibule.command('cases').description('the cases this appliance knows');
  cases
    .command('list', { isDefault: true })
    .description('every case with its stage')
    .action(async () => (await import('./commands/cases.ts')).listCases(options));
  cases
    .command('show <id>')
    .description('one case: what it holds, and what it waits for')
    .action(async (id: string) => (await import('./commands/cases.ts')).showCase(options, id));
  cases
    .command('release <id>')
    .description('let a held case go on: approved, or read again')
    .action(async (id: string) => (await import('./commands/cases-release.ts')).releaseCase(options, id));
  cases
    .command('hold <id>')
    .description('keep a case back until it is released')
    .requiredOption('--reason <text>', 'why, for the audit log; stays on this appliance')
    .action(async (id: string, flags) => (await import('./commands/cases-orders.ts')).holdCase(options, id, flags));
  cases
    .command('retry <id>')
    .description('try again what waits, failed or was refused')
    .action(async (id: string) => (await import('./commands/cases-orders.ts')).retryCase(options, id));
  cases
    .command('export <id>')
    .description('write a case out: its pseudonymised files, or its sealed archives')
    .requiredOption('--to <dir>', 'a new or empty folder')
    .option('--sealed', 'the archives as they are, with keys for hospital and receiver')
    .option('--wait', 'wait for the gate when it is closed')
    .action(async (id: string, flags) => (await import('./commands/cases-orders.ts')).exportCase(options, id, flags));
  cases
    .command('withdraw <id>')
    .description('have a case erased, here and at the receiver; cannot be taken back')
    .requiredOption('--reason <text>', 'why, for the audit log; stays on this appliance')
    .action(async (id: string, flags) => (await import('./commands/cases-orders.ts')).withdrawCase(options, id, flags));
  cases
    .command('unlock <id>')
    .description('type the password of a locked container (or give it on standard input)')
    .option('--wait', 'wait for the gate when it is closed')
    // Taken only to be refused, without being printed.
    .argument('[refused...]')
    .addOption(new Option('--password [refused]').hideHelp())
    .usage('[options] <id>')
    .action(async (id: string, more: readonly string[], { wait, password }) =>
      (await import('./commands/cases-unlock.ts')).unlockCase(options, id, {
        wait,
        refused: more.length > 0 || password !== undefined,
      }),
    );

  const procedure = vestibule.command('procedure').description('say that a procedure runs, or is over');
  procedure
    .command('status', { isDefault: true })
    .description('is the gate open, and why')
    .action(async () => (await import('./commands/procedure.ts')).procedureStatus(options));
  procedure
    .command('start')
    .description('take a lease: all bulk work stops until it is released')
    .requiredOption('--reason <text>', 'why, for people; no patient data')
    .option('--for <minutes>', 'release by itself after so many minutes', minutes)
    .option('--holder <name>', 'who holds the lease', holderName, defaultHolder)
    .action(async (flags) => (await import('./commands/procedure.ts')).startProcedure(options, flags));
  procedure
    .command('stop')
    .description('release the holder’s leases')
    .option('--holder <name>', 'whose leases', holderName, defaultHolder)
    .action(async (flags) => (await import('./commands/procedure.ts')).stopProcedure(options, flags));
  procedure
    .command('why')
    .description('what was decided lately, and on what evidence')
    .option('--since <time>', 'how far back: 90m, 24h, 7d', defaultSince)
    .action(async ({ since }: { readonly since: string }) =>
      (await import('./commands/procedure.ts')).procedureWhy(options, { sinceMs: duration(since) }),
    );
  procedure
    .command('record')
    .description('write the decisions and their evidence to a file, to replay them')
    .requiredOption('--out <file>', 'file to write')
    .option('--since <time>', 'how far back: 90m, 24h, 7d', defaultSince)
    .action(async ({ out, since }: { readonly out: string; readonly since: string }) =>
      (await import('./commands/procedure-replay.ts')).recordProcedure(options, { out, sinceMs: duration(since) }),
    );
  procedure
    .command('replay <file>')
    .description('what another policy would have done with a recording')
    .option('--policy <file>', 'a site file with the policy; without it, the one in use')
    .option('--truth <names>', 'whose busy counts as a procedure, by commas', 'leases')
    .action(async (file: string, { policy, truth }: { readonly policy?: string; readonly truth: string }) => {
      const { replayProcedure, truthOf } = await import('./commands/procedure-replay.ts');
      await replayProcedure(options, file, { ...(policy ? { policy } : {}), truth: truthOf(truth) });
    });

  const override = procedure
    .command('override')
    .description('a person’s word that the room is free, where the site’s file allows it; audited');
  override
    .command('open')
    .description('let the gate open against evidence that nobody can take back')
    .requiredOption('--reason <text>', 'why; it is kept sealed in the audit log')
    .requiredOption('--for <minutes>', 'how long the word counts', minutes)
    .action(async (flags) => (await import('./commands/procedure-override.ts')).openOverride(options, flags));
  override
    .command('close')
    .description('take that word back')
    .action(async () => (await import('./commands/procedure-override.ts')).closeOverride(options));

  const outbox = vestibule.command('outbox').description('what waits to be sent beside cases, and what is parked');
  outbox
    .command('show', { isDefault: true })
    .description('how much of each kind is where, and what waits for a person')
    .action(async () => (await import('./commands/outbox.ts')).showOutbox(options));
  outbox
    .command('retry <id>')
    .description('send a parked item again')
    .action(async (id: string) => (await import('./commands/outbox.ts')).retryItem(options, id));
  outbox
    .command('drop <id>')
    .description('give a parked item up; audited')
    .requiredOption('--reason <text>', 'why, for people; no patient data')
    .action(async (id: string, { reason }: { readonly reason: string }) =>
      (await import('./commands/outbox.ts')).dropItem(options, id, reason),
    );

  vestibule
    .command('inspect <path>')
    .description('what is in an export (folder or archive), and whether it agrees with itself')
    .option('--names', 'show the original names to the person at the machine')
    .option('--no-signals', 'do not read the signals: faster, no voltages are checked')
    .option('--password-stdin', 'read the password of an encrypted archive from standard input')
    .action(async (path: string, flags) => (await import('./commands/inspect.ts')).inspect(options, path, flags));
  vestibule
    .command('analyse <target>')
    .description('anatomy, lesions and voltage of an export (a path) or a sealed case (its id); not for diagnosis')
    .option('--report <file>', 'also write a report with pictures: FILE.html or FILE.pdf')
    .option('--password-stdin', 'read the password of an encrypted archive from standard input')
    .action(async (target: string, flags) => (await import('./commands/analyse.ts')).analyse(options, target, flags));
  vestibule
    .command('import <path>')
    .description('take in a folder, a container or a mounted stick, once, read only')
    .option('--wait', 'wait for the gate when it is closed')
    .action(async (path: string, flags) => (await import('./commands/import.ts')).importPath(options, path, flags));

  const audit = vestibule.command('audit').description('who did what, and why');
  audit
    .command('tail', { isDefault: true })
    .description('the last records')
    .option('-n, --lines <n>', 'how many', Number, 20)
    .option('--since <time>', 'only those of the last 90m, 24h, 7d')
    .action(async (flags) => (await import('./commands/audit.ts')).auditTail(options, flags));
  audit
    .command('verify')
    .description('whether every record is there, unaltered and in its place')
    .action(async () => (await import('./commands/audit.ts')).auditVerify(options));

  vestibule
    .command('relink <code>')
    .description('what stands behind a generated code; audited')
    .action(async (code: string) => (await import('./commands/relink.ts')).relinkCode(options, code));

  vestibule
    .command('repair')
    .description('what can be made of a damaged ledger, from its rows, the journal and the archives on disk')
    .option('--dry-run', 'change nothing (this is what it does without --yes)')
    .option('--yes', 'do it; the appliance must not run')
    .action(async (flags) => (await import('./commands/repair.ts')).repairLedger(options, flags));

  vestibule
    .command('setup')
    .description('prepare this appliance from an enrolment bundle')
    .requiredOption('--bundle <file>', 'the enrolment bundle')
    .requiredOption('--passphrase-file <file>', 'file with the passphrase of its onboarding key; - for standard input')
    .requiredOption('--authority <name>', 'who says that the room is free: leases')
    .option('--inbox <dir>', 'folder to which exports are copied (repeatable)', collect, [])
    .option('--quiet-seconds <n>', 'how long an export must not change before it is taken', Number)
    .option('--cool-down-seconds <n>', 'how long the room must be free before work starts', Number)
    .option('--yes', 'trust the bundle without asking')
    .action(async (flags) => (await import('./commands/setup.ts')).setup(options, flags));
  vestibule
    .command('run')
    .description('run the appliance in the foreground')
    .action(async () => (await import('./commands/run.ts')).run(options));
  vestibule
    .command('simulate')
    .description('write a synthetic CARTO 3 export')
    .requiredOption('--out <dir>', 'folder in which the export is made')
    .option('--seed <n>', 'same seed, same bytes', Number, 1)
    .option('--size <size>', 'small (24 points), clinical (1,000) or huge (4,000)')
    .option('--points <n>', 'number of mapping points of the first map', Number)
    .option('--generation <generation>', 'form of the export: v4, v6 or v7 (default v6 for a small study, else v7)')
    .option('--chamber <chamber>', 'left-atrium (default), right-atrium or left-ventricle')
    .option('--variant <variant>', 'veins of a left atrium: typical, common-trunk or right-middle (default: by seed)')
    .option('--catheter <name>', 'what v7 maps with: navistar, lasso, pentaray or octaray (default: by seed)')
    .option('--gap <mm>', 'leave one line of lesions open by so much', Number)
    .option('--remap', 'add a map of the ablated chamber')
    .option('--paso', 'add pace-map templates')
    .option('--shell', 'add an imported CT shell with its registration')
    .option('--cut-outs', 'cut the valve out of the anatomical maps')
    .option('--canaries <file>', 'plant made-up identifiers in every free text; the file lists them')
    .option('--truth <file>', 'write what is true of the study, outside the export')
    .option(
      '--container <kind>',
      'folder (default), zip, 7z (named .zip) or outer-zip (with a password, around another)',
    )
    .option('--inner <kind>', 'what an outer zip holds: zip (default) or 7z')
    .option('--encryption <kind>', 'of an outer zip: aes (default) or zipcrypto')
    .option('--password-file <file>', 'file with the password of an outer zip; - for standard input')
    .option('--live <dir>', 'first play the procedure: a recorder’s folder that grows while it lasts')
    .option('--speed <n>', 'seconds of the procedure in one second', Number, 60)
    .option('--study <name>', 'the name that the study was given')
    .option('--export-ordinal <n>', 'which export of the study this is: a later one has a later stamp', Number)
    .option('--stamp <moment>', 'the export stamp itself: "MM_DD_YYYY HH-MM-SS"')
    .option('--extra-points <n>', 'points added since the first export', Number)
    .option('--mesh-edits <n>', 'single bytes of the first mesh that changed since the first export', Number)
    .action(async (flags) => (await import('./commands/simulate.ts')).simulate(options, flags));
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}
