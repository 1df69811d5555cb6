import { existsSync } from 'node:fs';
import { exitCode, formatBytes, type GlobalOptions, print, table, UsageError, Verdict } from '../../core/cli.ts';
import type { OutboxDocument } from '../../protocol/documents.ts';
import { itemIdSchema } from '../../protocol/outbox.ts';
import { openLedgerReader } from '../../uploader/index.ts';
import { foldersOf } from '../folders.ts';
import { askDaemon } from './ask-daemon.ts';

/** `vestibule outbox`: read from the ledger itself, with the daemon dead or alive. Exit 5 when something is parked. */
export function showOutbox(options: GlobalOptions): void {
  const found = read(options);
  print(options, found, () => render(found));
  if (found.parked.length === 0) return;
  throw new Verdict(
    exitCode.needsAttention,
    `${found.parked.length} parked: each waits for a person.`,
    '`vestibule outbox retry ID` sends it again, `vestibule outbox drop ID --reason TEXT` gives it up.',
  );
}

/** `vestibule outbox retry ID`. */
export async function retryItem(options: GlobalOptions, itemId: string): Promise<void> {
  const done = await askDaemon(options, { verb: 'outbox-retry', itemId: known(itemId) });
  print(options, done, () => `${itemId} is queued again.`);
}

/** `vestibule outbox drop ID --reason TEXT`. */
export async function dropItem(options: GlobalOptions, itemId: string, reason: string): Promise<void> {
  const done = await askDaemon(options, { verb: 'outbox-drop', itemId: known(itemId), reason });
  print(options, done, () => `${itemId} was given up; the audit log says why.`);
}

function known(itemId: string): string {
  if (itemIdSchema.safeParse(itemId).success) return itemId;
  throw new UsageError('MISUSED', 'that is not the id of an item', { hint: 'See `vestibule outbox`.' });
}

function read(options: GlobalOptions): OutboxDocument {
  const { ledger: path } = foldersOf(options.data);
  if (!existsSync(path)) {
    const hint = 'Run `vestibule setup` first.';
    throw new Verdict(exitCode.notReachable, `There is no appliance in ${options.data}.`, hint);
  }
  const ledger = openLedgerReader(path);
  try {
    const { outbox } = ledger;
    const oldestAt = outbox.oldestAt();
    return { kinds: outbox.counts(), ...(oldestAt === undefined ? {} : { oldestAt }), parked: outbox.parked() };
  } finally {
    ledger.close();
  }
}

function render({ kinds, oldestAt, parked }: OutboxDocument): string {
  if (kinds.length === 0) return 'Nothing was put into the outbox yet.';
  const head = ['kind', 'queued', 'sending', 'parked', 'delivered', 'dropped', 'size here'];
  const rows = kinds.map(({ kind, queued, sending, parked: aside, delivered, dropped, bytes }) => {
    return [kind, ...[queued, sending, aside, delivered, dropped].map(String), formatBytes(bytes)];
  });
  const waiting = parked.map(({ id, kind, at, bytes, why }) => [id, kind, at, formatBytes(bytes), why]);
  return [
    table([head, ...rows]),
    ...(oldestAt === undefined ? [] : [`Oldest: ${oldestAt}`]),
    ...(waiting.length === 0 ? [] : [table([['parked', 'kind', 'since', 'size', 'why'], ...waiting])]),
  ].join('\n');
}
