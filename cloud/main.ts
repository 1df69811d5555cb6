import '../core/node-guard.ts';
import type { Command } from 'commander';
import { type GlobalOptions, UsageError } from '../core/cli.ts';
import { runCommandLine } from '../core/command-line.ts';
import { version } from '../core/version.ts';

/** The cloud side's command line. Each verb is a file in `commands/`, loaded when it is called. */
await runCommandLine('vestibule-cloud', process.argv.slice(2), addVerbs);

function addVerbs(cloud: Command, options: GlobalOptions): void {
  cloud.description('The cloud side: hub, enrolment and receiver.').version(version());

  cloud
    .command('init')
    .description('prepare a cloud folder: authorities, keys, settings; changes nothing that is there')
    .option('--port-base <n>', 'first of three ports: MQTT, HTTPS, EST', port)
    .option('--advertise-base <n>', 'the same three ports as appliances see them', port)
    .option('--site <name>', 'name of the site', 'site-1')
    .action(async (flags) => (await import('./commands/init.ts')).init(options, flags));
  cloud
    .command('run [part]')
    .description('run hub and receiver as two processes, or one of them (hub, receiver) in this one')
    .option('--auto-approve', 'approve every enrolment without a person: for a laptop or a test')
    .action(async (part, flags) => (await import('./commands/run.ts')).run(options, part, flags));

  const enrol = cloud.command('enrol').description('let appliances in');
  enrol
    .command('create')
    .description('make an enrolment bundle and its passphrase')
    .requiredOption('--device <id>', 'id of the appliance: lower-case letters, digits, . _ -')
    .action(async (flags) => (await import('./commands/enrol.ts')).createEnrolment(options, flags));
  enrol
    .command('pending', { isDefault: true })
    .description('requests that wait for approval')
    .action(async () => (await import('./commands/enrol.ts')).listPending(options));
  for (const verb of ['approve', 'deny'] as const) {
    enrol
      .command(`${verb} <device> <fingerprint>`)
      .description(`${verb} the request with this key fingerprint`)
      .action(async (device: string, fingerprint: string) =>
        (await import('./commands/enrol.ts')).decide(options, verb, device, fingerprint),
      );
  }

  cloud
    .command('devices')
    .description('every appliance that the hub knows')
    .action(async () => (await import('./commands/devices.ts')).listDevices(options));

  const cases = cloud.command('cases').description('the catalogue');
  cases
    .command('list', { isDefault: true })
    .description('every case that arrived')
    .action(async () => (await import('./commands/cases.ts')).listCases(options));
  cases
    .command('show <id>')
    .description('one case')
    .action(async (id: string) => (await import('./commands/cases.ts')).showCase(options, id));
  cases
    .command('export <id>')
    .description('open the archive and write the pseudonymised files out')
    .requiredOption('--to <dir>', 'folder to write to; must not hold anything yet')
    .action(async (id: string, flags) => (await import('./commands/cases.ts')).exportCase(options, id, flags));

  const items = cloud.command('items').description('what appliances send beside cases: events, telemetry, logs');
  items
    .command('list', { isDefault: true })
    .description('every item that arrived')
    .option('--device <id>', 'of one appliance')
    .option('--kind <kind>', 'of one kind')
    .action(async (flags) => (await import('./commands/items.ts')).listItems(options, flags));
  items
    .command('export')
    .description('write items with their bodies, one JSON object in a line')
    .requiredOption('--to <file>', 'file to write; must not be there yet')
    .option('--device <id>', 'of one appliance')
    .option('--kind <kind>', 'of one kind')
    .action(async (flags) => (await import('./commands/items.ts')).exportItems(options, flags));

  cloud
    .command('verify')
    .description('hash every stored archive again and compare with its receipt')
    .action(async () => (await import('./commands/verify.ts')).verify(options));
}

function port(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 65_533) throw new UsageError('MISUSED', `${text} is not a port`);
  return value;
}
