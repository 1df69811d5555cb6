import type { DeliveryAlarm } from '../../protocol/control.ts';
import { causeOf, type Hindrance, longestStall, type Progress, type Stall } from './progress.ts';

const causes: Readonly<Record<Hindrance, DeliveryAlarm['cause']>> = {
  'gate-closed': 'gate-closed',
  'no-link': 'no-link',
  'outside-windows': 'outside-windows',
  refused: 'refused',
  none: 'unknown',
};

/** What stood in the way, and what to do about it. */
const words: Readonly<Record<DeliveryAlarm['cause'], string>> = {
  'gate-closed': 'the gate was closed. If no procedure runs, see who holds it: vestibule procedure why.',
  'no-link':
    'there was no link to the cloud. Nothing is lost, it goes on by itself. Check cable, network and firewall.',
  'outside-windows': 'no window for uploads was open. See upload.windows in the site file.',
  refused: 'the other side says no. Ask the cloud team; the log has its word.',
  unknown: 'nothing here stood in its way. Ask the cloud team whether it received anything; see the log.',
};

/** The alarm, while something that is owed has stood still for so long; with the cause that lasted longest. */
export function deliveryAlarm(progress: Progress, nowMs: number, alarmMs: number): DeliveryAlarm | undefined {
  const stall = longestStall(progress);
  if (!stall || nowMs - stall.sinceMs < alarmMs) return undefined;
  const cause = causes[causeOf(stall)];
  return { code: 'no-delivery-progress', since: stall.since, cause, text: textOf(stall, cause) };
}

function textOf(stall: Stall, cause: DeliveryAlarm['cause']): string {
  const hours = Math.floor((stall.spentMs[causeOf(stall)] ?? 0) / 3_600_000);
  const share = hours >= 1 ? `For ${hours} h of that ` : '';
  const text = share + words[cause];
  return `Not delivered since ${stall.since}, though it is owed. ${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
