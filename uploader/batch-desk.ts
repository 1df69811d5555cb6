import { basename, join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { codeOf } from '../core/errors.ts';
import type { Gate, Work } from '../core/gate.ts';
import { describe, type Log } from '../core/log.ts';
import { batchEventKind, type ManifestArchive, maxManifestBytes } from '../protocol/batch.ts';
import type { Tier } from '../protocol/ids.ts';
import type { CloudLink, SignAsDevice } from '../protocol/link.ts';
import { type BatchPolicy, type PendingArchive, planBatch } from './batch-plan.ts';
import { gated, untilAborted } from './gated.ts';
import type { Ledger } from './ledger.ts';
import type { ArchiveRecord, OpenBatch } from './ledger-records.ts';
import { entryBytesOf, manifestEntry, manifestOf } from './manifest.ts';
import { manifestToSend } from './outbox/item-desk.ts';
import { quarantineFiles } from './repair/quarantine.ts';
import { UploadError } from './upload-error.ts';

/** What a person can do about a case of which an archive on disk is not what was sealed, or is gone. */
export const damagedHint =
  'The sealed archive on disk is damaged and was not sent; what is left of it is in the folder quarantine. Check the disk, then export the case again.';

/** An event of so much is handed over at once: what is left is to wait for the hub's word. */
const smallEventBytes = 8192;

export interface BatchDeskDeps {
  readonly ledger: Ledger;
  readonly link: CloudLink;
  readonly gate: Gate;
  readonly log: Log;
  readonly folder: string;
  readonly quarantine?: string;
  readonly clock: Clock;
  readonly storageKey: { readonly kid: string };
  readonly device: string;
  readonly sign: SignAsDevice;
  readonly policy: BatchPolicy;
}

/** Makes batches of what is sealed, fixes their manifests, and sends those. Each step passes the gate. */
export class BatchDesk {
  readonly #deps: BatchDeskDeps;

  constructor(deps: BatchDeskDeps) {
    this.#deps = deps;
  }

  /** Puts what is sealed of a tier, or as much as fits, into a new batch. */
  async gather(tier: Tier, signal: AbortSignal): Promise<void> {
    const { ledger, folder } = this.#deps;
    await this.#gated('batch', signal, async () => {
      const pending: PendingArchive[] = [];
      for (const archive of ledger.read.nextArchivesToBatch()) {
        if (archive.tier !== tier) continue;
        const entryBytes = await this.orHeld(archive, () => entryBytesOf(folder, archive));
        if (entryBytes !== undefined) pending.push({ ...archive, entryBytes });
      }
      const plan = planBatch(pending, this.#deps.policy);
      if (plan) await ledger.batch(plan.tier, plan.archiveIds);
    });
  }

  /** Fixes the manifest of a batch whose archives are all committed. A case whose keys are damaged leaves it. */
  async complete(batch: OpenBatch, signal: AbortSignal): Promise<void> {
    const { ledger, folder, storageKey, device } = this.#deps;
    await this.#gated('manifest', signal, async () => {
      const entries: ManifestArchive[] = [];
      for (const archive of ledger.read.archivesInBatch(batch.batchId)) {
        const entry = await this.orHeld(archive, async () => manifestEntry(folder, storageKey.kid, archive));
        if (!entry) return;
        entries.push(entry);
      }
      const manifest = JSON.stringify(manifestOf(batch, device, { archives: entries, audit: ledger.read.audit.head }));
      await ledger.completeBatch({ batchId: batch.batchId, manifest });
    });
  }

  /** Sends a manifest as one event, signed anew each time. The event's id is the batch's, so a repetition is known. */
  async announce({ batchId }: OpenBatch, signal: AbortSignal): Promise<void> {
    const { ledger, link, sign } = this.#deps;
    await this.#gated('announcement', signal, async (work) => {
      const manifest = manifestToSend(ledger.read, batchId);
      // Its receipt came while this waited at the gate.
      if (manifest === undefined) return;
      const body = await sign(manifest);
      if (Buffer.byteLength(body) > maxManifestBytes) {
        throw new UploadError('MANIFEST_TOO_LARGE', `a signed manifest has ${body.length} bytes`, {
          hint: 'Report this: batches are planned so that it cannot happen.',
        });
      }
      const sent = link.sendEvent({ messageId: batchId, kind: batchEventKind, contentType: 'application/jose', body });
      await (Buffer.byteLength(body) <= smallEventBytes ? work.answer(sent, signal) : sent);
    });
  }

  /** Runs a step on an archive; when it turns out damaged, its case is held and the answer is undefined. */
  async orHeld<T>(archive: ArchiveRecord, step: () => Promise<T>): Promise<T | undefined> {
    const { archiveId, caseId } = archive;
    try {
      return await step();
    } catch (error) {
      if (codeOf(error) !== 'ARCHIVE_DAMAGED') throw error;
      this.#deps.log.error({ archiveId, caseId, error: describe(error) }, 'archive damaged, case held');
      await this.#deps.ledger.hold(caseId, 'unreadable', damagedHint);
      this.#putAside(archive);
      return undefined;
    }
  }

  /** The evidence is kept: archive and keys, with a note of what was expected. */
  #putAside({ archiveId, caseId, tier, file, keysFile, sha256, bytes }: ArchiveRecord): void {
    const { quarantine, folder, clock, log } = this.#deps;
    if (quarantine === undefined) return;
    const about = { caseId, archiveId, tier, sha256, bytes };
    const note = { code: 'ARCHIVE_DAMAGED', what: 'archive and keys are not what was sealed', ...about };
    const files = [join(folder, file), join(folder, keysFile)];
    const to = quarantineFiles(quarantine, files, note, clock.now());
    if (to !== undefined) log.error({ archiveId, caseId, quarantine: basename(to) }, 'damaged archive put aside');
  }

  /** Once it has passed the gate, such a step runs to its end; only stopping breaks off the waiting for it. */
  #gated<T>(name: string, signal: AbortSignal, step: (work: Work) => Promise<T>): Promise<T> {
    return gated({ gate: this.#deps.gate, name, signal }, (work) => untilAborted(step(work), signal));
  }
}
