import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { type AuditLog, openAudit } from '../../../agent/audit/index.ts';
import { foldersOf } from '../../../agent/folders.ts';
import { Intake } from '../../../agent/intake.ts';
import { intakeSchema } from '../../../agent/intake-config.ts';
import { noteDelivered } from '../../../agent/journal-notes.ts';
import { Opener } from '../../../agent/opener.ts';
import { Passwords } from '../../../agent/passwords/index.ts';
import { Pipeline } from '../../../agent/pipeline.ts';
import { type Recovery, recover } from '../../../agent/recover.ts';
import { Sealer } from '../../../agent/seal/index.ts';
import { writeFiles } from '../../../agent/testing/workplace.ts';
import { KeyFolder, type LocalKeys, openLocalKeys } from '../../../certs/index.ts';
import { type Clock, systemClock } from '../../../core/clock.ts';
import { Gate } from '../../../core/gate.ts';
import type { Service } from '../../../core/lifecycle.ts';
import { silentLog as log } from '../../../core/log.ts';
import {
  type ArchiveRecord,
  AuditSegmenter,
  CaseJournal,
  Courier,
  defaultBatchPolicy,
  type Ledger,
  Releaser,
} from '../../../uploader/index.ts';
import { defaultItemPolicy } from '../../../uploader/outbox/plan-items.ts';
import { until } from '../../harness/until.ts';
import { device, type SmallCloud } from './small-cloud.ts';

export interface RunDeps {
  readonly data: string;
  readonly cloud: SmallCloud;
  /** Told what the ledger says whenever it has acknowledged something. */
  readonly onAcknowledged: (ledger: Ledger) => void;
  readonly clock?: Clock;
  /** Space is needed, so what was delivered is released at once. */
  readonly isPressed?: boolean;
  /** The audit log is sent as it grows, and what was delivered of it is let go at once. */
  readonly isAuditSent?: boolean;
  /** Used instead of its own, and left running at its end: its threads take longer to begin than a small case to seal. */
  readonly shared?: { readonly gate: Gate; readonly sealer: Sealer };
  /** The ledger's writer is no thread of its own. */
  readonly isInline?: boolean;
}

/**
 * One run of an appliance on a data folder, from recovery to an end in good order: the real intake, pipeline, seal
 * thread, ledger thread, audit log, courier and releaser. Rejects when it does not come up, when its ledger dies, or
 * as `work` does.
 */
export async function runAppliance(
  deps: RunDeps,
  work: (ledger: Ledger, audit: AuditLog) => Promise<void>,
): Promise<void> {
  const { data, onAcknowledged, clock = systemClock } = deps;
  const folders = foldersOf(data);
  const keys = await openLocalKeys(await KeyFolder.open(folders.keys));
  const recovered = await recover({ folders, log, isInline: deps.isInline === true });
  const { ledger: opened } = recovered;
  try {
    onAcknowledged(opened);
    const ledger = noted(opened, onAcknowledged);
    const audit = await openAudit({ folders, ledger, clock, storageKey: keys.storage.secret, leases: [] });
    const services = servicesOf(deps, { ...recovered, keys, ledger, audit });
    const end = new AbortController();
    try {
      for (const service of services) await service.start(end.signal);
      const died = opened.failed.then((error) => Promise.reject(error));
      await Promise.race([work(ledger, audit), died]);
    } finally {
      end.abort(new Error('stopping'));
      for (const service of services.toReversed()) await service.stop();
      await audit.record({ action: 'daemon-stopped', actor: 'appliance' }).catch(() => {});
    }
  } finally {
    await opened.close();
  }
}

interface Parts extends Recovery {
  readonly keys: LocalKeys;
  readonly audit: AuditLog;
}

/** Wired as in the daemon, at an open gate. */
function servicesOf(deps: RunDeps, { keys, ledger, tidy, audit }: Parts): readonly Service[] {
  const { data, cloud, shared, clock = systemClock } = deps;
  const folders = foldersOf(data);
  const gate = shared?.gate ?? new Gate();
  gate.open();
  const accounted = accountedBy(audit);
  const [siteKey, storageKey, casesFolder] = [keys.site, keys.storage.secret, folders.cases];
  const { limits, maxSpoolBytes } = intakeSchema.parse({});
  const caps = { maxEntries: 1000, maxBytes: 1 << 30, limits, maxSpoolBytes };
  const opener = new Opener({
    ...{ passwords: new Passwords({ gate, log, sources: [] }), caps, spoolFolder: folders.spool },
    storage: { availableBytes: async () => 1 << 30, hasRoomFor: async () => true },
  });
  const sealer = shared?.sealer ?? new Sealer(gate);
  const journal = new CaseJournal(folders.journal, storageKey);
  const courier = new Courier({
    ...{ ledger, link: cloud.link, gate, clock, log, folder: casesFolder, storageKey: keys.storage, device },
    recipients: [{ kid: keys.hospital.kid, publicKey: keys.hospital.publicKey }],
    sign: async (payload) => ['{}', payload, ''].map((part) => Buffer.from(part).toString('base64url')).join('.'),
    ...{ serverCaPem: cloud.caPem, receiptKeys: [cloud.signer.publicKey] },
    batches: { archives: defaultBatchPolicy, items: { ...defaultItemPolicy, maxAgeMs: 100 } },
    ...{ receiptMs: 200, retryMs: 20, ceilingMs: 400, quarantine: folders.quarantine },
    onReceipt: () => releaser.wake(),
    onDelivered: (caseId) => noteDelivered(journal, caseId, clock.now(), log),
  });
  cloud.serve(courier);
  const releaser = new Releaser({
    ...{ ledger, gate, clock, log, folder: casesFolder, isPressed: () => deps.isPressed === true, accounted },
    ...{ policy: { keepDays: 30, keepDeliveredDays: 30 }, onReleased: () => {} },
  });
  const segmenter = new AuditSegmenter({ ...{ ledger, gate, clock, log }, maxBytes: 0, everyMs: 50 });
  const pipeline = new Pipeline({
    ...{ ledger, journal, sealer, clock, log, siteKey, storageKey, opener, mode: 'automatic' as const },
    ...{ announce: () => {}, privacy: { profile: 'pseudonymised' as const, siteKey } },
    recipients: [keys.storage, { kid: keys.hospital.kid, publicKey: keys.hospital.publicKey }],
    ...{ casesFolder, quietMs: 20, maxEntries: 1000, maxBytes: 1 << 30 },
    send: { review: 'always', study: 'always' },
    ...{ onChange: () => {}, onSealed: () => courier.wake() },
  });
  const intake = new Intake({
    ...{ gate, clock, log, pipeline, inboxes: [join(data, 'inbox')], imports: { open: [] }, siteKey, rescanMs: 500 },
    prepare: (working, signal) => tidy(() => working.pass(signal), accounted),
  });
  const seal = { name: 'sealer', start: async () => {}, stop: async () => void (shared || (await sealer.stop())) };
  return [releaser, courier, seal, intake, ...(deps.isAuditSent ? [segmenter] : [])];
}

/** As the daemon has it: that bytes left the disk is recorded with the step that says so. */
export function accountedBy(audit: AuditLog): (archive: ArchiveRecord) => Ledger {
  return ({ archiveId, caseId, bytes, releaseWhy: why }) =>
    audit.alongside({
      ...{ actor: 'appliance', action: 'case-released', subject: caseId, evidence: { archiveId, bytes, why } },
    });
}

/** The ledger, which tells when it has acknowledged something. */
function noted(ledger: Ledger, onAcknowledged: (ledger: Ledger) => void): Ledger {
  return new Proxy(ledger, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...values: unknown[]) => {
        const result: unknown = value.apply(target, values);
        if (name === 'audited') return noted(result as Ledger, onAcknowledged);
        if (name === 'close' || !(result instanceof Promise)) return result;
        return result.then((done: unknown) => {
          onAcknowledged(target);
          return done;
        });
      };
    },
  });
}

/** Puts an export into the inbox so that it appears at once. */
export function drop(data: string, name: string, files: Readonly<Record<string, string | Buffer>>): void {
  const aside = join(data, `aside-${name}`);
  writeFiles(aside, files);
  renameSync(aside, join(data, 'inbox', name));
}

/** Waits until so many cases are delivered, or released after that. */
export function delivered(ledger: Ledger, count: number, withinMs = 60_000): Promise<unknown> {
  const isSo = () => {
    const { delivered = 0, released = 0 } = ledger.read.stageCounts();
    return delivered + released === count;
  };
  return until(isSo, `${count} delivered`, withinMs, 5);
}
