import { Readable } from 'node:stream';
import type { Sessions, StoredSubscription } from '../state/sessions.ts';

interface Named {
  readonly id: string;
}

/**
 * What the broker keeps of its clients: only the subscriptions of persistent sessions, on disk. Nothing else of an
 * MQTT broker's memory is needed, because messages are never routed: no retained ones, no wills, no QoS 2, and what
 * goes to a device goes to the open connection or not at all.
 */
export function sessionPersistence(sessions: Sessions): object {
  return {
    async setup() {},
    async storeRetained() {},
    createRetainedStreamCombi: () => Readable.from([]),
    createRetainedStream: () => Readable.from([]),
    async addSubscriptions({ id }: Named, subscriptions: readonly StoredSubscription[]) {
      sessions.add(id, subscriptions);
    },
    async removeSubscriptions({ id }: Named, topics: readonly string[]) {
      sessions.remove(id, topics);
    },
    async subscriptionsByClient({ id }: Named) {
      return [...sessions.of(id)];
    },
    async cleanSubscriptions({ id }: Named) {
      sessions.clear(id);
    },
    async subscriptionsByTopic() {
      return [];
    },
    async outgoingEnqueue() {},
    async outgoingEnqueueCombi() {},
    async outgoingUpdate() {},
    async outgoingClearMessageId() {},
    outgoingStream: () => Readable.from([]),
    async incomingGetPacket() {
      throw new Error('no packet is kept: QoS 2 is refused');
    },
    async incomingStorePacket() {},
    async incomingDelPacket() {},
    async cleanIncoming() {},
    async putWill() {},
    async delWill() {},
    streamWill: () => Readable.from([]),
    async destroy() {},
  };
}
