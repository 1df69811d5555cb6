import { existsSync } from 'node:fs';
import { makeFolder } from '../core/files.ts';
import type { Checkpoint } from '../core/gate-flag.ts';
import type { Log } from '../core/log.ts';
import { type ArchiveRecord, Ledger, LedgerError, releaseRecorded } from '../uploader/index.ts';
import type { Folders } from './folders.ts';
import { endRepair } from './repair.ts';
import { sweepCases } from './sweep-cases.ts';
import { sweepSpool } from './sweep-spool.ts';

/** An appliance's store after whatever happened to it: a kill, a power cut, or nothing. */
export interface Recovery {
  /** Open, on the newest schema, with everything that was ever acknowledged. */
  readonly ledger: Ledger;
  /**
   * The rest, which lists folders and may take a while: behind the gate, once, before anything is sealed or taken. What
   * a killed seal left is removed and its source read again; a case whose archive is gone is held; the spool is emptied;
   * releases that were begun are ended, each recorded by the ledger that `accounted` gives.
   */
  readonly tidy: (checkpoint: Checkpoint, accounted?: (archive: ArchiveRecord) => Ledger) => Promise<void>;
}

/**
 * Everything that a starting daemon does before it works, and all that it takes to go on after a power cut at any
 * moment. What it does at once touches a few files of our own: folders, a repair that was killed, and the ledger, whose write-ahead log SQLite
 * replays when it is opened. Rejects as `Ledger.open` does, and with LEDGER_DAMAGED when the ledger is gone although cases
 * were sealed: a new one would not know them.
 */
export async function recover(deps: {
  readonly folders: Pick<Folders, 'folder' | 'ledger' | 'journal' | 'cases' | 'spool' | 'quarantine'>;
  readonly log: Log;
  /** As of `Ledger.open`. */
  readonly isInline?: boolean;
}): Promise<Recovery> {
  const { folders, log, isInline = false } = deps;
  await makeFolder(folders.cases);
  await makeFolder(folders.spool);
  endRepair(folders, new Date());
  if (!existsSync(folders.ledger) && existsSync(folders.journal)) {
    throw new LedgerError('LEDGER_DAMAGED', 'the ledger is gone, although cases were sealed', {
      hint: 'See what can be made of the files beside it: vestibule repair --dry-run',
    });
  }
  const ledger = await Ledger.open({ path: folders.ledger, log, isInline });
  const tidy: Recovery['tidy'] = async (checkpoint, accounted = () => ledger) => {
    await sweepCases({ folder: folders.cases, quarantine: folders.quarantine, ledger, log, checkpoint });
    await sweepSpool(folders.spool, checkpoint);
    await releaseRecorded({ ledger, folder: folders.cases, accounted, onReleased: () => {} }, checkpoint);
  };
  return { ledger, tidy };
}
