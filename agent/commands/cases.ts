import { existsSync } from 'node:fs';
import { readStorageKey } from '../../certs/index.ts';
import { openText } from '../../core/boxed-text.ts';
import { exitCode, formatBytes, type GlobalOptions, print, table, UsageError, Verdict } from '../../core/cli.ts';
import { certificateLines } from '../../protocol/certificate-lines.ts';
import type { ApplianceCase } from '../../protocol/documents.ts';
import { openLedgerReader } from '../../uploader/index.ts';
import { foldersOf } from '../folders.ts';

/** `vestibule cases list`: read from the ledger itself, so it answers with the daemon dead or alive. */
export function listCases(options: GlobalOptions): void {
  const cases = read(options, (ledger) => ledger.cases());
  print(options, cases, () => (cases.length === 0 ? 'No case yet.' : render(cases)));
}

/**
 * `vestibule cases show ID`. People also get the entry's original name, which the ledger keeps encrypted: it is theirs
 * to see, on this machine, and in no document that a script passes on.
 */
export function showCase(options: GlobalOptions, id: string): void {
  const { found, record } = read(options, (ledger) => ({ found: ledger.caseById(id), record: ledger.caseRecord(id) }));
  if (!found || !record) {
    throw new UsageError('MISUSED', `there is no case ${id}`, { hint: 'See `vestibule cases`.' });
  }
  print(options, found, () =>
    detail(
      found,
      record.sourceSealed.length === 0
        ? '(forgotten)'
        : openText(record.sourceSealed, readStorageKey(foldersOf(options.data).keys)),
    ),
  );
}

function read<T>(options: GlobalOptions, use: (ledger: ReturnType<typeof openLedgerReader>) => T): T {
  const { ledger: path } = foldersOf(options.data);
  if (!existsSync(path)) {
    throw new Verdict(
      exitCode.notReachable,
      `There is no appliance in ${options.data}.`,
      'Run `vestibule setup` first.',
    );
  }
  const ledger = openLedgerReader(path);
  try {
    return use(ledger);
  } finally {
    ledger.close();
  }
}

function render(cases: readonly ApplianceCase[]): string {
  const rows = cases.map((one) => [
    one.caseId,
    one.reason ? `${one.stage}: ${one.reason}` : one.stage,
    filesOf(one),
    formatBytes(one.sourceBytes),
    one.deliveredAt ?? one.detectedAt,
  ]);
  return table([['case', 'stage', 'source', 'size', 'since'], ...rows]);
}

function detail(one: ApplianceCase, entry: string): string {
  const archives = one.archives.map(
    ({ tier, bytes, sha256, base, send, released }) =>
      `${tier} ${formatBytes(bytes)} ${sha256.slice(0, 16)}…${base === undefined ? '' : `, the rest as in ${base}`}${
        send === undefined ? '' : `, sent ${send}`
      }${released === undefined ? '' : `, gone since ${released.at} (${released.why})`}`,
  );
  return table([
    ['case', one.caseId],
    ['entry', entry],
    ['stage', one.reason ? `${one.stage}: ${one.reason}` : one.stage],
    ...(one.hint ? [['to do', one.hint]] : []),
    ...(one.counts
      ? [['holds', `${one.counts.maps} maps, ${one.counts.points} points, ${one.counts.lesions} lesions`]]
      : []),
    ...(one.studyId ? [['study', one.studyId]] : []),
    ['source', `${filesOf(one)}, ${formatBytes(one.sourceBytes)}`],
    ['detected', one.detectedAt],
    ...(one.deliveredAt ? [['delivered', one.deliveredAt]] : []),
    ...archives.map((text) => ['archive', text]),
    ...withdrawalOf(one),
  ]);
}

function filesOf({ files }: ApplianceCase): string {
  return files === 1 ? '1 file' : `${files} files`;
}

const withdrawalWords = {
  local: 'nothing ever left this appliance',
  ordered: 'the receiver has not certified it yet',
  certified: 'the receiver has certified it',
} as const;

/** The certificate's words are shown; who wants to check its signature takes it from `--json`. */
function withdrawalOf({ withdrawn }: ApplianceCase): string[][] {
  if (!withdrawn) return [];
  const { at, state, certificate } = withdrawn;
  return [['withdrawn', `${at}: ${withdrawalWords[state]}`], ...(certificate ? certificateLines(certificate) : [])];
}
