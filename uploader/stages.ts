import type { Stage } from '../protocol/documents.ts';
import { LedgerError } from './ledger-error.ts';

/**
 * What can happen to a case.
 *
 * - `settled`: its entry was unchanged for the quiet time and can be read
 * - `changed`: its entry is not what it was
 * - `sealed`: its archives are on disk, fsynced
 * - `batched`: one of its archives joined a batch
 * - `upload-started`: a ticket for one of its archives was granted
 * - `all-uploaded`: the last of its archives was committed as a blob
 * - `sent-back`: the receiver never got the bytes of one of its archives, which is uploaded again
 * - `all-receipted`: the last of its archives has a verified receipt
 * - `held`: it needs a person
 * - `approved`: a person saw what it holds and lets it go on
 * - `released`: a person settled what it waited for, and wants it read again
 * - `resumed`: a person lets a sealed case that was held go on; `resumed-uploading`, `resumed-uploaded`: some of it, or
 *   all, is at the hub already
 * - `all-erased`: nothing of it is owed, and the bytes of its last archive are gone
 * - `withdrawn`: a person ordered that it be erased, here and at the receiver
 */
export type CaseEvent =
  | 'settled'
  | 'changed'
  | 'sealed'
  | 'batched'
  | 'upload-started'
  | 'all-uploaded'
  | 'sent-back'
  | 'all-receipted'
  | 'held'
  | 'approved'
  | 'released'
  | 'resumed'
  | 'resumed-uploading'
  | 'resumed-uploaded'
  | 'all-erased'
  | 'withdrawn';

type Transition = readonly [Stage, CaseEvent, Stage];

/**
 * The life of a case. A case has up to two archives (tiers) that travel in different batches; its stage is that of the
 * one that is furthest until all are uploaded.
 *
 * - `detected`: an entry was seen in an inbox; only names, sizes and times are known
 * - `settled`: the entry is whole and readable, its fingerprint is known
 * - `sealed`: pseudonymised, encrypted archives are on disk; the entry is no longer needed
 * - `batched`: an archive belongs to a batch and waits for its turn
 * - `uploading`: blocks of an archive are being staged
 * - `uploaded`: all archives are committed blobs; the receipts are asked for until they come
 * - `delivered`: signed receipts for exactly these bytes were verified
 * - `released`: local bytes are gone, under the retention policy
 * - `held`: it waits for a person, with a reason and a hint; the others go on
 * - `withdrawn`: erased by order, here and, once its certificate has come, at the receiver
 */
// biome-ignore format: the columns are the documentation
const transitions: readonly Transition[] = [
  ['detected',  'settled',        'settled'  ],
  ['detected',  'changed',        'detected' ],
  ['detected',  'held',           'held'     ],
  ['settled',   'settled',        'settled'  ],
  ['settled',   'changed',        'detected' ],
  ['settled',   'sealed',         'sealed'   ],
  ['settled',   'held',           'held'     ],
  ['sealed',    'batched',        'batched'  ],
  ['sealed',    'held',           'held'     ],
  ['batched',   'batched',        'batched'  ],
  ['batched',   'upload-started', 'uploading'],
  ['batched',   'held',           'held'     ],
  ['uploading', 'batched',        'uploading'],
  ['uploading', 'upload-started', 'uploading'],
  ['uploading', 'all-uploaded',   'uploaded' ],
  ['uploading', 'sent-back',      'uploading'],
  ['uploading', 'held',           'held'     ],
  ['uploaded',  'batched',        'uploaded' ],
  ['uploaded',  'sent-back',      'uploading'],
  ['uploaded',  'all-receipted',  'delivered'],
  ['uploaded',  'held',           'held'     ],
  ['held',      'held',           'held'     ],
  ['held',      'changed',        'detected' ],
  ['held',      'approved',       'settled'  ],
  ['held',      'released',       'detected' ],
  ['held',      'sent-back',      'held'     ],
  ['held',      'all-receipted',  'delivered'],
  ['held',      'resumed',        'sealed'   ],
  ['held',      'resumed-uploading', 'uploading'],
  ['held',      'resumed-uploaded', 'uploaded'],
  ['sealed',    'all-erased',     'released' ],
  ['delivered', 'all-erased',     'released' ],
  ['detected',  'withdrawn',      'withdrawn'],
  ['settled',   'withdrawn',      'withdrawn'],
  ['sealed',    'withdrawn',      'withdrawn'],
  ['batched',   'withdrawn',      'withdrawn'],
  ['uploading', 'withdrawn',      'withdrawn'],
  ['uploaded',  'withdrawn',      'withdrawn'],
  ['delivered', 'withdrawn',      'withdrawn'],
  ['released',  'withdrawn',      'withdrawn'],
  ['held',      'withdrawn',      'withdrawn'],
  ['withdrawn', 'sent-back',      'withdrawn'],
  ['withdrawn', 'all-receipted',  'withdrawn'],
  ['withdrawn', 'all-erased',     'withdrawn'],
];

/** The stage after an event. Throws ILLEGAL_MOVE when the event cannot happen at that stage. */
export function nextStage(stage: Stage, event: CaseEvent): Stage {
  const row = transitions.find(([from, on]) => from === stage && on === event);
  if (row) return row[2];
  throw new LedgerError('ILLEGAL_MOVE', `a case that is ${stage} cannot be ${event}`, {
    hint: 'Another step moved the case meanwhile. Read its stage and go on from there.',
  });
}

/** Stages from which the archives of a case may still join a batch. */
export const stagesToBatch = ['sealed', 'batched', 'uploading', 'uploaded'] as const satisfies readonly Stage[];
