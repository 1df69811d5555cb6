import '../core/node-guard.ts';
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { foldersOf } from '../agent/folders.ts';
import { systemClock } from '../core/clock.ts';
import { runCommandLine } from '../core/command-line.ts';
import { announceOnStdout, type Milestone } from '../core/milestones.ts';
import { Supervisor } from '../core/supervise.ts';

/**
 * An embedded cloud and an appliance on one machine, in the foreground, as three processes that share nothing but the
 * wire; the one thing carried by hand, the enrolment bundle, is carried here. Their folders are DIR/cloud, DIR/appliance.
 */
interface Flags {
  readonly inbox: readonly string[];
  readonly sample: boolean;
  readonly portBase?: string;
}

const run = promisify(execFile);
const at = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const cloudMain = at('cloud/main.ts');
const agentMain = at('agent/main.ts');

await runCommandLine('scripts/start', process.argv.slice(2), (command, { data, json }) => {
  command
    .description('Starts an embedded cloud and an appliance here, and shows a sample case through to delivery.')
    .option(
      '--inbox <dir>',
      'folder to which exports are copied (repeatable)',
      (dir: string, all: string[]) => [...all, resolve(dir)],
      [],
    )
    .option('--no-sample', 'drop no sample case into the inbox')
    .option('--port-base <n>', 'first of three ports on the loopback interface')
    .action((flags: Flags) => start(data, json, flags));
});

async function start(data: string, json: boolean, flags: Flags): Promise<void> {
  const announce = announceOnStdout(json, () => systemClock.now());
  const stopped = Promise.withResolvers<void>();
  const seen = new Map<string, ReturnType<typeof Promise.withResolvers<void>>>();
  const once = (event: string) => {
    const waiter = seen.get(event) ?? Promise.withResolvers<void>();
    seen.set(event, waiter);
    return waiter;
  };
  const supervisor = new Supervisor({
    clock: systemClock,
    onLine: (_program, line) => {
      const { at: _at, event, text, ...details } = JSON.parse(line) as Milestone & { at: string };
      announce({ event, text, details: details as NonNullable<Milestone['details']> });
      once(event).resolve();
    },
    onErrorLine: (program, line) => process.stderr.write(`${program}: ${line}\n`),
    onRestart: (program, how, inMs) =>
      announce({
        event: 'restart',
        text: `${program} ended (${how}); it starts again in ${inMs} ms.`,
        details: { program },
      }),
  });
  stopOnSignals(supervisor, announce, stopped.resolve);

  const portBase = flags.portBase === undefined ? [] : ['--port-base', flags.portBase];
  await run(process.execPath, [cloudMain, 'init', '--data', data, ...portBase]);
  supervisor.start({
    name: 'hub',
    command: process.execPath,
    args: [cloudMain, 'run', 'hub', '--auto-approve', '--data', data, '--json'],
  });
  supervisor.start({
    name: 'receiver',
    command: process.execPath,
    args: [cloudMain, 'run', 'receiver', '--data', data, '--json'],
  });
  await Promise.race([once('hub-listening').promise, stopped.promise]);
  const folders = foldersOf(data);
  const isFirst = !existsSync(folders.config);
  if (isFirst) await setUp(data, flags.inbox);
  supervisor.start({
    name: 'appliance',
    command: process.execPath,
    args: [agentMain, 'run', '--data', data, '--json'],
  });
  const inbox = flags.inbox[0] ?? folders.defaultInbox;
  if (flags.sample && isFirst && isEmpty(inbox)) {
    await dropSample(inbox, data, announce);
    await Promise.race([once('case-delivered').promise, stopped.promise]);
  }
  announce({ event: 'ready', text: `Running. In another terminal: ${hint(data)} Ctrl-C stops.` });
  await stopped.promise;
}

/** What a person does on a real site: create the bundle in the cloud, carry it to the appliance, set it up there. */
async function setUp(data: string, inboxes: readonly string[]): Promise<void> {
  const bundle = await run(process.execPath, [
    cloudMain,
    'enrol',
    'create',
    '--device',
    'appliance-1',
    '--data',
    data,
    '--json',
  ]);
  const { bundle: file, passphraseFile } = JSON.parse(bundle.stdout) as { bundle: string; passphraseFile: string };
  const inboxArgs = inboxes.flatMap((inbox) => ['--inbox', inbox]);
  const setup = ['setup', '--bundle', file, '--passphrase-file', passphraseFile, '--authority', 'leases'];
  const quick = ['--quiet-seconds', '2', '--cool-down-seconds', '1', '--yes', '--data', data];
  await run(process.execPath, [agentMain, ...setup, ...inboxArgs, ...quick]);
}

async function dropSample(inbox: string, data: string, announce: (milestone: Milestone) => void): Promise<void> {
  await run(process.execPath, [agentMain, 'simulate', '--out', inbox, '--seed', '1', '--data', data]);
  announce({ event: 'sample-dropped', text: `A synthetic sample case was put into the inbox ${inbox}.` });
}

/** Commands to try next, with the data folder where it is not the default. */
function hint(data: string): string {
  const where = data === resolve('.vestibule') ? '' : ` --data ${data}`;
  return `scripts/vestibule status${where} | scripts/vestibule-cloud cases${where} | copy an export folder into the inbox.`;
}

function isEmpty(inbox: string): boolean {
  return !existsSync(inbox) || readdirSync(inbox).length === 0;
}

/** The first Ctrl-C drains, the second cuts the waiting short. */
function stopOnSignals(supervisor: Supervisor, announce: (milestone: Milestone) => void, done: () => void): void {
  let signalled = false;
  const onSignal = () => {
    if (signalled) {
      supervisor.kill();
      process.exit(130);
    }
    signalled = true;
    announce({ event: 'stopping', text: 'Stopping; Ctrl-C again cuts the waiting short.' });
    void supervisor.stop().then(done);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
}
