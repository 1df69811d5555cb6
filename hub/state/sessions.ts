import type { Database } from '../../core/database.ts';

export interface StoredSubscription {
  readonly topic: string;
  readonly qos: 0 | 1;
}

/**
 * What persistent MQTT sessions are subscribed to. Kept because the device SDK asks for the twin topics once in its
 * life and never again after a hub restart.
 */
export class Sessions {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  of(clientId: string): readonly StoredSubscription[] {
    const rows = this.#db.prepare('SELECT filter AS topic, qos FROM subscriptions WHERE client_id = ?').all(clientId);
    return rows as StoredSubscription[];
  }

  add(clientId: string, subscriptions: readonly StoredSubscription[]): void {
    const insert = this.#db.prepare('INSERT OR REPLACE INTO subscriptions VALUES (?, ?, ?)');
    this.#db.transaction(() => {
      for (const { topic, qos } of subscriptions) insert.run(clientId, topic, qos);
    })();
  }

  remove(clientId: string, topics: readonly string[]): void {
    const remove = this.#db.prepare('DELETE FROM subscriptions WHERE client_id = ? AND filter = ?');
    this.#db.transaction(() => {
      for (const topic of topics) remove.run(clientId, topic);
    })();
  }

  clear(clientId: string): void {
    this.#db.prepare('DELETE FROM subscriptions WHERE client_id = ?').run(clientId);
  }
}
