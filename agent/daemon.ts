import { KeyFolder, type LocalKeys, openLocalKeys, readBundle } from '../certs/index.ts';
import type { Clock } from '../core/clock.ts';
import { Gate } from '../core/gate.ts';
import { Services } from '../core/lifecycle.ts';
import { describe, type Log, openLog } from '../core/log.ts';
import type { Announce, Milestone } from '../core/milestones.ts';
import { version } from '../core/version.ts';
import type { AuditRecord } from '../protocol/audit.ts';
import type { Bundle } from '../protocol/bundle.ts';
import type { ProcedureStatus } from '../protocol/control.ts';
import type { Profile } from '../protocol/profile.ts';
import { type ArchiveRecord, AuditSegmenter, CaseJournal, type Ledger, Releaser } from '../uploader/index.ts';
import { Analyst, DriftFile, FindingsStore, openAnalyser } from './analysis/index.ts';
import { type AuditLog, type AuditWish, accountable, GateRecords, openAudit, SyslogCopy } from './audit/index.ts';
import { caseDesk } from './case-desk.ts';
import { ClockWatch } from './clock-watch.ts';
import { CloudSide } from './cloud-side.ts';
import { type Config, readConfig } from './config.ts';
import { ControlServer } from './control/index.ts';
import { daemonVerbs } from './daemon-verbs.ts';
import { DeliveryWatch } from './delivery/index.ts';
import { Exports } from './exports/index.ts';
import type { Folders } from './folders.ts';
import { canGoOn } from './held.ts';
import { Imports } from './imports/index.ts';
import { InstanceLock } from './instance-lock.ts';
import { Intake } from './intake.ts';
import { forgetWithdrawn, noteWithdrawn } from './journal-notes.ts';
import { Opener } from './opener.ts';
import { orderDesk } from './order-desk.ts';
import { outboxVerbs, TelemetryProducer } from './outbox/index.ts';
import { overrideVerbs } from './override-verbs.ts';
import { expectPrivate, Passwords } from './passwords/index.ts';
import { Pipeline } from './pipeline.ts';
import { History, type MakeSources, ProcedureWatch, readLeases, sourcesOf } from './procedure/index.ts';
import { type Recovery, recover } from './recover.ts';
import { DiskStanding, Sealer } from './seal/index.ts';
import { casesOf, diskOf, snapshot } from './snapshot.ts';
import { Storage } from './storage/index.ts';

interface Deps {
  readonly folders: Folders;
  readonly clock: Clock;
  readonly announce: Announce;
}

/**
 * The composition root of the appliance: everything is built and wired here, nothing is decided. The gate exists
 * before anything that could work, and is closed until the evidence has been read.
 */
export class Daemon {
  readonly #deps: Deps;
  readonly #gate = new Gate();
  readonly #lock: InstanceLock;
  readonly #startedAt: Date;
  #services: Services | undefined;
  #ledger: Ledger | undefined;
  #audit: AuditLog | undefined;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#startedAt = deps.clock.now();
    this.#lock = new InstanceLock(deps.folders.folder);
  }

  async start(): Promise<void> {
    try {
      await this.#start();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.#services?.stop();
    await this.#audit?.record({ action: 'daemon-stopped', actor: 'appliance' }).catch(() => {});
    await this.#ledger?.close();
    await this.#lock.stop();
  }

  async #start(): Promise<void> {
    const { folders, announce } = this.#deps;
    const config = readConfig(folders.config);
    await this.#lock.start();
    const log = openLog({ file: folders.log }, { clock: this.#deps.clock });
    const { bundle } = await readBundle(folders.bundle);
    const keyFolder = await KeyFolder.open(folders.keys);
    const keys = await openLocalKeys(keyFolder);
    const { ledger, tidy } = await recover({ folders, log });
    this.#ledger = ledger;
    const lastRecord = ledger.read.audit.tail(1)[0];
    const audit = await openAudit({
      ...{ folders, ledger, clock: this.#deps.clock, storageKey: keys.storage.secret },
      leases: readLeases(folders.leases),
    });
    this.#audit = audit;
    const lastAt = lastRecord && (JSON.parse(lastRecord.record) as AuditRecord).at;
    const clockWatch = new ClockWatch({ clock: this.#deps.clock, log, audit, lastAt });

    const sources = await sourcesOf({
      ...{ settings: config.procedure, folder: folders.procedure, clock: this.#deps.clock, log, siteKey: keys.site },
      inboxes: config.inboxes,
    });
    const parts = { config, log, bundle, keyFolder, keys, ledger, tidy, sources, audit };
    const { procedure, services } = this.#compose(parts);
    this.#services = new Services([clockWatch, ...services]);
    await this.#services.start();
    void ledger.failed.then(() => process.kill(process.pid, 'SIGTERM'));
    const { gate, state } = procedure.status;
    const inboxes = config.inboxes.join(', ');
    announce({
      event: 'started',
      text: `Appliance ${bundle.device}, version ${version()}: gate ${gate} (${state}). Inboxes: ${inboxes}`,
      details: { device: bundle.device, pid: process.pid, control: folders.socket },
    });
    for (const source of ['hl7', 'mpps'] as const) {
      const port = config.procedure[source];
      if (!port) continue;
      const text = `${source} is heard on ${port.address}:${port.port}, from ${port.peers.join(', ')} alone.`;
      announce({ event: 'inbound-port', text, details: { source, port: port.port } });
    }
    if (config.procedure.authorities.includes('leases')) {
      announce({ event: 'authority', text: 'The room counts as free while no lease is held (authority: leases).' });
    }
    await this.#lookAtPasswordFiles(config.intake.passwords);
  }

  /** A file of passwords that others can read is said at once, not when the first locked case needs it. */
  async #lookAtPasswordFiles(sources: Config['intake']['passwords']): Promise<void> {
    for (const [at, source] of sources.entries()) {
      if (!('file' in source)) continue;
      await expectPrivate(source.file).catch((error: unknown) => {
        const { message = '', hint = '' } = describe(error);
        const text = `intake.passwords.${at}: ${message}. ${hint}`;
        this.#deps.announce({ event: 'password-source', text, details: { source: at } });
      });
    }
  }

  #compose(parts: Parts) {
    const { folders, clock, announce } = this.#deps;
    const { config, log, bundle, keyFolder, keys, ledger, tidy, audit } = parts;
    const gate = this.#gate;
    const journal = new CaseJournal(folders.journal, keys.storage.secret);
    const gateRecords = new GateRecords(audit, log);
    const procedure = new ProcedureWatch({
      gate,
      clock,
      log,
      leaseFolder: folders.leases,
      authorities: config.procedure.authorities,
      coolDownMs: config.procedure.coolDownSeconds * 1000,
      stuckMs: config.procedure.stuckHours * 3_600_000,
      overrideMaxMs: overrideMaxMs(config),
      onOverrideEnd: (how) => {
        announce({ event: 'override-ended', text: `The override is over: ${how}.` });
        void audit
          .record({ action: 'procedure-override-ended', actor: 'appliance', evidence: { how } })
          .catch((error: unknown) => log.error({ error: describe(error) }, 'end of an override not recorded'));
      },
      history: new History(folders.decisions, log),
      sources: parts.sources,
      onChange: (status) => {
        announce(gateMilestone(status));
        gateRecords.note(status);
        cloud.poke();
      },
    });
    const cloud: CloudSide = new CloudSide({
      ...{ folders, clock, log, announce, gate, config, bundle, keyFolder, keys, ledger, journal },
      onReceipt: () => {
        releaser.wake();
        delivery?.look();
      },
      onCertified: (caseId) => {
        noteWithdrawn(journal, ledger.read, caseId, log);
        noteDown({ actor: 'cloud', action: 'case-certified', subject: caseId });
      },
      snapshot: (certificateEnds) =>
        snapshot({
          ...{ clock, version: version(), startedAt: this.#startedAt, procedure: procedure.status, certificateEnds },
          ...{ ...casesOf(ledger), folder: folders.folder, storage, delivery: delivery?.status },
        }),
    });
    const noteDown = (wish: AuditWish) => {
      audit
        .record(wish)
        .catch((error: unknown) => log.error({ error: describe(error) }, 'not recorded in the audit log'));
    };
    // Nothing leaves under `site-only`, so nothing can be late.
    const delivery: DeliveryWatch | undefined =
      config.privacy.profile === 'site-only'
        ? undefined
        : new DeliveryWatch({
            ...{ ledger, gate, clock, log, outside: () => cloud.outside },
            alarmMs: config.upload.alarmHours * 3_600_000,
            onChange: (alarm) => {
              if (alarm) noteDown({ actor: 'appliance', action: 'delivery-stalled', evidence: { cause: alarm.cause } });
              else noteDown({ actor: 'appliance', action: 'delivery-resumed' });
              cloud.poke();
            },
          });
    const storage = new Storage({
      ...{ folders, limits: config.storage, log, presumedBytes: ledger.read.bytesKept() },
      onChange: (state, { usedBytes, budgetBytes }) => {
        const action = state === 'full' ? 'storage-full' : 'storage-room';
        noteDown({ actor: 'appliance', action, evidence: { usedBytes, budgetBytes } });
        cloud.poke();
        releaser.wake();
        intake.wake();
      },
      onWanted: () => releaser.wake(),
    });
    ledger.onDiskFull(() => storage.diskFull());
    const accounted = ({ archiveId, caseId, bytes, releaseWhy: why }: ArchiveRecord) => {
      if (why === 'withdrawn') forgetWithdrawn(journal, ledger.read, caseId);
      return audit.alongside({
        ...{ actor: 'appliance', action: 'case-released', subject: caseId },
        evidence: { archiveId, bytes, why },
      });
    };
    const releaser = new Releaser({
      ...{ ledger, gate, clock, log, folder: folders.cases, policy: config.storage },
      accounted,
      isPressed: () => storage.isPressed,
      onReleased: ({ bytes, caseId, why, isReleased }) => {
        storage.removed(bytes);
        analyst.wake();
        if (storage.answerWanted()) intake.wake();
        storage
          .look()
          .catch((error: unknown) => log.warn({ error: describe(error) }, 'the disk could not be looked at'));
        if (!isReleased) return;
        announce({ event: 'case-released', text: `Case ${caseId}: released, ${why}.`, details: { caseId, why } });
        cloud.poke();
      },
    });
    const { cpuPercent, readBytesPerSecond } = config.budgets;
    const disk = new DiskStanding(config.budgets.diskClass);
    const sealer = new Sealer(gate, { disk, ...(cpuPercent === undefined ? {} : { cpuPercent }) });
    const passwords = new Passwords({ gate, log, sources: config.intake.passwords });
    const opener = new Opener({
      ...{ passwords, caps: config.intake, storage, spoolFolder: folders.spool },
      readBytesPerSecond,
    });
    const pipeline = new Pipeline({
      ...{ ledger, journal, sealer, clock, log, announce, siteKey: keys.site, storageKey: keys.storage.secret },
      recipients: recipientsOf(bundle, keys, config.privacy.profile),
      privacy: { ...config.privacy, siteKey: keys.linkage },
      casesFolder: folders.cases,
      send: config.send,
      quietMs: config.intake.quietSeconds * 1000,
      ...{ opener, mode: config.intake.mode },
      ...{ maxEntries: config.intake.maxEntries, maxBytes: config.intake.maxBytes },
      onChange: () => cloud.poke(),
      onSealed: (bytes) => {
        storage.added(bytes);
        cloud.wake();
        releaser.wake();
        analyst.wake();
      },
    });
    const drift = new DriftFile(folders.drift, { clock, log });
    const analyst: Analyst = new Analyst({
      ...{ ledger, gate, clock, log, announce, drift, casesFolder: folders.cases, storageKey: keys.storage },
      store: new FindingsStore(folders.findings, keys.storage.secret),
      isEnabled: config.analysis.enabled,
      openAnalyser: () => openAnalyser(config.analysis, { gate, cpuPercent, onThread: () => disk.apply() }),
      // Nothing leaves under `site-only`.
      isSent: config.send.review === 'always' && config.privacy.profile !== 'site-only',
    });
    const imports = new Imports({
      siteKey: keys.site,
      ownFolders: [folders.folder, ...config.inboxes],
      ...{ maxNames: config.intake.maxEntries, maxDepth: config.intake.limits.maxDepth },
      mayGoOn: (entryKey) => canGoOn(ledger.read.caseByEntry(entryKey)?.reason),
    });
    const intake: Intake = new Intake({
      ...{ gate, clock, log, pipeline, inboxes: config.inboxes, imports, siteKey: keys.site },
      rescanMs: config.intake.rescanSeconds * 1000,
      isLedgerWriting: () => ledger.isWriting,
      prepare: async (work, signal) => {
        const checkpoint = () => work.pass(signal);
        await disk.apply();
        await tidy(checkpoint, accounted);
        await storage.measure(checkpoint);
      },
    });
    const wake = () => intake.wake();
    const exports = new Exports({
      ...{ gate, log, read: ledger.read, casesFolder: folders.cases, storageKey: keys.storage },
      ownFolders: [folders.folder, ...config.inboxes],
    });
    const verbs = {
      ...daemonVerbs({
        ...{ procedure, cloud, config, bundle, ledger, audit, storage, folders, clock, gate, disk, delivery, drift },
        startedAt: this.#startedAt,
      }),
      ...overrideVerbs(procedure),
      ...outboxVerbs(ledger),
      ...caseDesk({ gate, ledger, imports, passwords, wake, wakeCourier: () => cloud.wake() }),
      ...orderDesk({
        ...{ gate, ledger, exports, wakeIntake: wake },
        hastenCourier: () => cloud.hasten(),
        wakeReleaser: () => releaser.wake(),
        onWithdrawn: (caseId) => {
          noteWithdrawn(journal, ledger.read, caseId, log);
          analyst.wake();
        },
      }),
    };
    const telemetry = telemetryOf(config, {
      ...{ ledger, gate, clock, log, version: version(), disk: () => diskOf(folders.folder) },
      drift: () => drift.takeForToday(),
    });
    const handlers = accountable(verbs, { audit, ledger, clock, log });
    const control = new ControlServer({ path: folders.socket, claims: folders.claims, handlers, log });
    const exporting = { name: 'exports', start: async () => {}, stop: () => exports.stop() };
    const seal = { name: 'sealer', start: async () => {}, stop: () => sealer.stop() };
    const { syslog: target } = config.audit;
    const syslog =
      target &&
      new SyslogCopy({ ...{ ledger, gate, clock, log, target, device: bundle.device }, stateFile: folders.syslog });
    // Nothing leaves under `site-only`, so nothing is made to leave.
    const segmenter = new AuditSegmenter({
      ...{ ledger, gate, clock, log, maxBytes: config.audit.maxBytes, everyMs: config.audit.sendMinutes * 60_000 },
      ...(syslog ? { copiedSeq: () => syslog.copiedSeq } : {}),
    });
    const sending = config.privacy.profile === 'site-only' ? [] : [segmenter];
    return {
      procedure,
      services: [
        procedure,
        control,
        cloud,
        exporting,
        seal,
        releaser,
        intake,
        analyst,
        ...(delivery ? [delivery] : []),
        ...telemetry,
        ...sending,
        ...(syslog ? [syslog] : []),
      ],
    };
  }
}

interface Parts {
  readonly config: Config;
  readonly log: Log;
  readonly bundle: Bundle;
  readonly keyFolder: KeyFolder;
  readonly keys: LocalKeys;
  readonly ledger: Ledger;
  readonly tidy: Recovery['tidy'];
  readonly audit: AuditLog;
  readonly sources: MakeSources;
}

/** How long a person's word may count, where the site's file allows it at all. */
function overrideMaxMs({ procedure: { override } }: Config): number | undefined {
  return override?.allowed ? override.maxMinutes * 60_000 : undefined;
}

/** Says who holds leases, not why: what people type as a reason stays out of everything that is kept as a log. */
function gateMilestone({ gate, state, leases, override }: ProcedureStatus): Milestone {
  const held = leases.length === 0 ? '' : `, held by ${[...new Set(leases.map(({ holder }) => holder))].join(', ')}`;
  const word = override ? ', by a person’s word (override)' : '';
  return { event: `gate-${gate}`, text: `Gate ${gate}: ${state}${held}${word}.` };
}

/**
 * Every archive opens for the appliance itself (at rest) and the hospital, and, unless nothing may leave the site, in
 * this release for the receiver.
 */
function recipientsOf(bundle: Bundle, keys: LocalKeys, profile: Profile) {
  const { hospital, storage } = keys;
  const own = [storage, { kid: hospital.kid, publicKey: hospital.publicKey }];
  if (profile === 'site-only') return own;
  const receivers = bundle.recipients.map(({ kid, ...publicKey }) => ({ kid, publicKey }));
  return [...own, ...receivers];
}

/** Nothing leaves under `site-only`, so nothing is put into an outbox that nobody empties. */
function telemetryOf(config: Config, deps: Omit<ConstructorParameters<typeof TelemetryProducer>[0], 'everyMs'>) {
  const everyMs = config.telemetry.everyMinutes * 60_000;
  if (everyMs === 0 || config.privacy.profile === 'site-only') return [];
  return [new TelemetryProducer({ ...deps, everyMs })];
}
