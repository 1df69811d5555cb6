import { exitCode, formatBytes, type GlobalOptions, paint, print, table, Verdict } from '../../core/cli.ts';
import type { ApplianceStatus, DeliveryStatus } from '../../protocol/control.ts';
import type { Drift } from '../../protocol/drift.ts';
import { ask } from '../control/client.ts';
import { foldersOf } from '../folders.ts';
import { procedureAlarms } from './procedure-alarms.ts';

/** `vestibule status`: exit 4 when no daemon answers, 5 when a case is held, the store is full, the ledger damaged, or gate or delivery need somebody. */
export async function status(options: GlobalOptions): Promise<void> {
  const found = (await ask(foldersOf(options.data).socket, { verb: 'status' })) as ApplianceStatus | undefined;
  if (!found) {
    throw new Verdict(exitCode.notReachable, `No appliance runs on ${options.data}.`, 'Start it with `vestibule run`.');
  }
  print(options, found, () => render(found));
  const held = found.cases.held ?? 0;
  const alarms = alarmsOf(found);
  if (alarms.length > 0) throw new Verdict(exitCode.needsAttention, alarms.join(' '));
  if (found.ledger === 'damaged') {
    throw new Verdict(
      exitCode.needsAttention,
      'The ledger on disk is damaged.',
      'Stop the appliance and see what can be saved: vestibule repair --dry-run',
    );
  }
  if (found.storage.state === 'full') {
    throw new Verdict(exitCode.needsAttention, 'The case store is full: nothing new is taken in until there is room.');
  }
  if (held > 0) throw new Verdict(exitCode.needsAttention, `${held} held: see \`vestibule cases\`.`);
}

function render(found: ApplianceStatus): string {
  const { procedure, link, certificate, cases, disk, privacy } = found;
  const gate = procedure.gate === 'open' ? paint('open', 'green') : paint('closed', 'yellow');
  const linkWord = link.state === 'online' ? paint('online', 'green') : paint(link.state, 'yellow');
  const stages = Object.entries(cases).map(([stage, count]) => `${count} ${stage}`);
  return table([
    ['appliance', `${found.device}, version ${found.version}, since ${found.startedAt}`],
    ['gate', `${gate}: ${procedure.state} since ${procedure.since}. ${procedure.why}`],
    ...alarmsOf(found).map((text) => ['ALARM', paint(text, 'red')]),
    ['link', `${linkWord} since ${link.since}${link.error ? ` (${link.error})` : ''}`],
    [
      'certificate',
      certificate ? `${certificate.daysLeft} days left, until ${certificate.notAfter}` : 'not enrolled yet',
    ],
    [
      'privacy',
      privacy.profile === 'site-only' ? 'site-only: nothing is sent, cases stay sealed here' : privacy.profile,
    ],
    ...(found.delivery ? [['delivery', deliveryOf(found.delivery)] as const] : []),
    ['cases', stages.length > 0 ? stages.join(', ') : 'none yet'],
    ['store', storeOf(found)],
    ['budgets', budgetsOf(found)],
    ...(found.analysis ?? []).map((model) => ['analysis', analysisOf(model)]),
    ['disk', `${formatBytes(disk.freeBytes)} free of ${formatBytes(disk.totalBytes)}`],
  ]);
}

/** What somebody has to look at now, one sentence each. */
function alarmsOf({ procedure, delivery }: ApplianceStatus): readonly string[] {
  return [...procedureAlarms(procedure), ...(delivery?.alarm ? [delivery.alarm.text] : [])];
}

function deliveryOf({ lastReceiptAt, owedSince, alarm }: DeliveryStatus): string {
  const last = lastReceiptAt === undefined ? 'nothing was delivered yet' : `last receipt ${lastReceiptAt}`;
  if (owedSince === undefined) return `${last}; nothing is owed`;
  return `${last}; ${alarm ? paint(`not delivered since ${alarm.since}`, 'red') : `owed since ${owedSince}`}`;
}

function storeOf({ storage }: ApplianceStatus): string {
  const { state, usedBytes, budgetBytes, reserveBytes, quotaBytes } = storage;
  const limits = [
    ...(quotaBytes === undefined ? [] : [`quota ${formatBytes(quotaBytes)}`]),
    `reserve ${formatBytes(reserveBytes)}`,
  ].join(', ');
  const text = `${formatBytes(usedBytes)} of ${formatBytes(budgetBytes)} (${limits})`;
  return state === 'full' ? `${paint('FULL', 'red')}: ${text}; intake holds, and goes on by itself` : text;
}

/** Of a model, what somebody would ask first; the rest is in `--json`. */
function analysisOf({ id, version, since, cases, verdicts, sites }: Drift[number]): string {
  const told = Object.entries(verdicts).filter(([verdict, count]) => count > 0 && verdict !== 'unknown');
  const share = Math.round((100 * sites.otherByRules) / Math.max(1, sites.named));
  return [
    `${id} ${version}: ${cases} ${cases === 1 ? 'case' : 'cases'} since ${since}`,
    ...told.map(([verdict, count]) => `${count} ${verdict}`),
    ...(sites.named > 0 ? [`${share} % of ${sites.named} sites other by the rules`] : []),
  ].join(', ');
}

function budgetsOf({ budgets }: ApplianceStatus): string {
  const { readBytesPerSecond, cpuPercent, diskClass } = budgets;
  const classes = {
    idle: 'the disk only when nobody else wants it',
    lowest: 'last in line for the disk',
    normal: 'the disk as everybody else',
    'not available': 'the disk as everybody else, because `ionice` (util-linux) does not work here',
  };
  return [
    ...(cpuPercent === undefined ? [] : [`${cpuPercent} % of a processor per thread`]),
    ...(readBytesPerSecond === undefined ? [] : [`reads ${formatBytes(readBytesPerSecond)}/s`]),
    classes[diskClass],
  ].join('; ');
}
