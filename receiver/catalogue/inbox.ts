import type { Transaction } from 'kysely';
import type { Clock } from '../../core/clock.ts';
import { sha256 } from '../../core/digest.ts';
import type { AcceptedEvent, Rejection } from './catalogue.ts';
import type { CatalogueTables } from './schema.ts';

type Work = Transaction<CatalogueTables>;

export interface InboxDeps {
  readonly clock: Clock;
  /** Records of rejected events that are kept. */
  readonly keepRejected: number;
  /** Events of one device that may wait; more are rejected, and the device asks again. */
  readonly maxWaitingPerDevice: number;
}

/** Puts an event into the inbox. The same bytes again, while they still wait, are one event: it is tried at once. */
export async function takeIn(work: Work, event: AcceptedEvent, deps: InboxDeps): Promise<void> {
  const { deviceId, body, enqueuedAt } = event;
  await noteDevice(work, event);
  const due_at = deps.clock.now().getTime();
  const body_sha256 = sha256(body);
  const sameEvent = work.updateTable('inbox').set({ due_at }).where('device_id', '=', deviceId);
  const { numUpdatedRows } = await sameEvent.where('body_sha256', '=', body_sha256).executeTakeFirst();
  if (numUpdatedRows > 0n) return;
  if (await isFull(work, deviceId, deps)) return recordRejection(work, inboxFull(event), deps);
  const row = { device_id: deviceId, body, body_sha256, enqueued_at: enqueuedAt, due_at };
  await work.insertInto('inbox').values(row).execute();
}

/** Records that an event is passed over, and forgets the oldest record above the number that is kept. */
export async function recordRejection(work: Work, rejection: Rejection, deps: InboxDeps): Promise<void> {
  const { sequence, deviceId, messageId, code, message, bytes } = rejection;
  const rejected_at = deps.clock.now().toISOString();
  const ids = { sequence: sequence ?? null, device_id: deviceId ?? null, message_id: messageId ?? null };
  const { insertId } = await work
    .insertInto('rejected')
    .values({ ...ids, code, message, bytes, rejected_at })
    .executeTakeFirstOrThrow();
  const oldest = Number(insertId) - deps.keepRejected;
  await work.deleteFrom('rejected').where('id', '<=', oldest).execute();
}

async function noteDevice(work: Work, { deviceId, enqueuedAt }: AcceptedEvent): Promise<void> {
  await work
    .insertInto('devices')
    .values({ device_id: deviceId, receipts: 0, head_sha256: null, last_event_at: enqueuedAt })
    .onConflict((conflict) => conflict.column('device_id').doUpdateSet({ last_event_at: enqueuedAt }))
    .execute();
}

async function isFull(work: Work, deviceId: string, deps: InboxDeps): Promise<boolean> {
  const count = work.selectFrom('inbox').select((build) => build.fn.countAll<number>().as('waiting'));
  const { waiting } = await count.where('device_id', '=', deviceId).executeTakeFirstOrThrow();
  return waiting >= deps.maxWaitingPerDevice;
}

function inboxFull({ deviceId, body }: AcceptedEvent): Rejection {
  const message = 'too many events of this device wait already';
  return { deviceId, code: 'INBOX_FULL', message, bytes: body.length };
}
