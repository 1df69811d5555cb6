import type { Clock } from '../core/clock.ts';
import type { Database } from '../core/database.ts';
import { makeFolder } from '../core/files.ts';
import type { Log } from '../core/log.ts';
import { BlobStore } from './blob/blob-store.ts';
import { EventStore } from './events/event-store.ts';
import { openRegistry, type Registry } from './registry/registry.ts';
import { openState } from './state/state.ts';

/** Everything that the hub keeps on disk. */
export interface Stores {
  readonly registry: Registry;
  readonly state: Database;
  readonly events: EventStore;
  readonly blobs: BlobStore;
}

/** Opens the hub's databases and folders in `folder`, making them if need be. */
export async function openStores(deps: {
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
}): Promise<Stores> {
  const { folder, clock } = deps;
  await makeFolder(folder);
  const opened: { close(): void }[] = [];
  const keep = <T extends { close(): void }>(store: T): T => {
    opened.push(store);
    return store;
  };
  try {
    return {
      registry: keep(await openRegistry(folder, clock)),
      state: keep(openState(folder)),
      events: keep(EventStore.open(folder, clock)),
      blobs: keep(await BlobStore.open(deps)),
    };
  } catch (error) {
    for (const store of opened) store.close();
    throw error;
  }
}

export function closeStores(stores: Stores): void {
  for (const store of [stores.events, stores.blobs, stores.state, stores.registry]) store.close();
}
