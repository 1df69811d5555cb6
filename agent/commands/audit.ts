import { existsSync } from 'node:fs';
import { readStorageKey } from '../../certs/index.ts';
import { openText } from '../../core/boxed-text.ts';
import { exitCode, type GlobalOptions, print, table, UsageError, Verdict } from '../../core/cli.ts';
import { systemClock } from '../../core/clock.ts';
import { type AuditBy, type AuditRecord, firstHead } from '../../protocol/audit.ts';
import { type AuditVerdict, type LedgerReader, openLedgerReader } from '../../uploader/index.ts';
import { pendingRecords } from '../audit/index.ts';
import { foldersOf } from '../folders.ts';
import { duration } from '../quick-verb.ts';

/** A record as it is printed; one that waits for a daemon has no place in the chain yet. */
type Printed = Omit<AuditRecord, 'seq'> & { readonly seq?: number };

interface Shown {
  readonly record: Printed;
  /** What somebody typed, for whoever stands at this machine. */
  readonly why: string;
}

/** `vestibule audit tail`: the last records, those that wait for a daemon behind them. Works with the daemon dead. */
export function auditTail(options: GlobalOptions, flags: { readonly lines: number; readonly since?: string }): void {
  if (!Number.isSafeInteger(flags.lines) || flags.lines < 1) throw new UsageError('MISUSED', '-n takes a number');
  const fromMs = flags.since === undefined ? undefined : systemClock.now().getTime() - duration(flags.since);
  const folders = foldersOf(options.data);
  const key = readStorageKey(folders.keys);
  const chained = withLedger(options, ({ audit }) => audit.tail(flags.lines)) ?? [];
  const shown: Shown[] = [
    ...chained.map(({ record, why }) => ({
      record: JSON.parse(record) as AuditRecord,
      why: why === null ? '' : opened(why, key),
    })),
    ...pendingRecords(folders.audit).flatMap(({ stamped }) =>
      stamped ? [{ record: stamped.record, why: stamped.why ?? '' }] : [],
    ),
  ];
  const found = shown
    .filter(({ record }) => fromMs === undefined || Date.parse(record.at) >= fromMs)
    .slice(-flags.lines);
  print(
    options,
    found.map(({ record }) => record),
    () => (found.length === 0 ? 'No record.' : table(found.map(lineOf))),
  );
}

/** `vestibule audit verify`: exit 1 and the first record that is altered, missing or out of its place. */
export function auditVerify(options: GlobalOptions): void {
  const verdict = withLedger(options, ({ audit }) => audit.verify()) ?? nothingYet;
  const pending = pendingRecords(foldersOf(options.data).audit).length;
  print(options, { ...verdict, pending }, () => {
    if (!verdict.ok) return `NOT whole: ${verdict.fault.what}.`;
    const { records, archived, head } = verdict;
    const before = archived > 0 ? `, ${archived} archived before` : '';
    const waiting = pending > 0 ? ` ${pending} more wait for the daemon.` : '';
    return `Whole: ${records} records${before}; head ${head.seq}, ${head.hash}.${waiting}`;
  });
  if (!verdict.ok) {
    throw new Verdict(exitCode.failed, `The audit log is not whole: ${verdict.fault.what}.`, 'See docs/audit.md.');
  }
}

const nothingYet: AuditVerdict = { ok: true, records: 0, archived: 0, head: firstHead };

/** Undefined where the appliance was set up and has never run. */
function withLedger<T>(options: GlobalOptions, use: (ledger: LedgerReader) => T): T | undefined {
  const { ledger: path, folder } = foldersOf(options.data);
  if (!existsSync(folder)) {
    throw new Verdict(exitCode.notReachable, `There is no appliance in ${options.data}.`, 'Name its folder by --data.');
  }
  if (!existsSync(path)) return undefined;
  const ledger = openLedgerReader(path);
  try {
    return use(ledger);
  } finally {
    ledger.close();
  }
}

function opened(why: Uint8Array, key: Uint8Array): string {
  try {
    return openText(why, key);
  } catch {
    return '(cannot be opened)';
  }
}

function lineOf({ record, why }: Shown): string[] {
  const { seq, at, action, subject = '', evidence } = record;
  return [seq === undefined ? 'waits' : String(seq), at, action, who(record), subject, why || summary(evidence)];
}

function who({ actor, uid, uidFrom, behalfOf }: AuditBy): string {
  if (uid === undefined) return actor;
  const doubt = uidFrom === 'claimed' ? ' (claimed)' : '';
  return `${actor} ${uid}${doubt}${behalfOf === undefined ? '' : ` for ${behalfOf}`}`;
}

function summary(evidence: unknown): string {
  const text = evidence === undefined ? '' : JSON.stringify(evidence);
  return text.length > 100 ? `${text.slice(0, 99)}…` : text;
}
