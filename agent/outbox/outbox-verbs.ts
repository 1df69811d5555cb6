import { GatewayError } from '../../core/errors.ts';
import type { ControlRequest } from '../../protocol/control.ts';
import { placeOf } from '../../protocol/item-id.ts';
import type { Ledger } from '../../uploader/index.ts';
import type { Account } from '../audit/index.ts';

export class OutboxError extends GatewayError<'NOT_PARKED'> {}

type Asked<Verb extends ControlRequest['verb']> = Extract<ControlRequest, { readonly verb: Verb }>;

/** What people may do with an item that waits for them; each with its record, in one transaction. */
export function outboxVerbs(ledger: Ledger) {
  const parked = (itemId: string) => {
    const place = placeOf(itemId);
    if (ledger.read.outbox.isParked(place)) return place;
    throw new OutboxError('NOT_PARKED', 'there is no such parked item', { hint: 'See `vestibule outbox`.' });
  };
  return {
    'outbox-retry': async ({ itemId }: Asked<'outbox-retry'>, account: Pick<Account, 'ledger'>) => {
      await account.ledger.retryItem(parked(itemId));
      return { itemId, state: 'queued' as const };
    },
    'outbox-drop': async ({ itemId }: Asked<'outbox-drop'>, account: Pick<Account, 'ledger'>) => {
      await account.ledger.dropItem(parked(itemId));
      return { itemId, state: 'dropped' as const };
    },
  };
}
