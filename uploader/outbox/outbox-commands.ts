import type { Statements } from '../statements.ts';
import { type NewSegment, storeItems } from './store-items.ts';

/** Steps of items. Each runs inside the writer's transaction. */
export const outboxCommands = {
  /** Stores items, queued. Returns the number of their segment. */
  enqueue(sql: Statements, segment: NewSegment): number {
    return storeItems(sql, segment);
  },
} as const;
