import { randomBytes } from 'node:crypto';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { tinyExport } from '../../carto/testing/tiny-export.ts';
import { type Clock, systemClock } from '../../core/clock.ts';
import { Gate } from '../../core/gate.ts';
import { type Log, silentLog } from '../../core/log.ts';
import type { Milestone } from '../../core/milestones.ts';
import { temporaryFolder } from '../../core/testing/folder.ts';
import type { ApplianceCase } from '../../protocol/documents.ts';
import { CaseJournal, Ledger } from '../../uploader/index.ts';
import { canGoOn } from '../held.ts';
import { Imports } from '../imports/index.ts';
import { Intake } from '../intake.ts';
import { intakeSchema, type PasswordSource } from '../intake-config.ts';
import { Opener } from '../opener.ts';
import { Passwords } from '../passwords/index.ts';
import { Pipeline } from '../pipeline.ts';
import { Sealer } from '../seal/index.ts';
import { Storage } from '../storage/index.ts';
import { until } from './until.ts';

export interface WorkplaceOptions {
  readonly quietMs?: number;
  readonly rescanMs?: number;
  readonly maxEntries?: number;
  readonly maxBytes?: number;
  readonly reserveBytes?: number;
  readonly mode?: 'automatic' | 'ask';
  readonly passwords?: readonly PasswordSource[];
  readonly clock?: Clock;
  readonly log?: Log;
  /** Used instead of its own, and left running at its end. */
  readonly shared?: { readonly gate: Gate; readonly sealer: Sealer };
  /** Stands between pipeline and sealer. */
  readonly around?: (sealer: Sealer) => Pick<Sealer, 'identify' | 'seal'>;
}

/** Everything between inbox and courier, real: gate, ledger, seal worker, pipeline, intake. The gate is closed at first. */
export class Workplace {
  readonly inbox: string;
  readonly casesFolder: string;
  readonly spoolFolder: string;
  readonly passwords: Passwords;
  readonly storage: Storage;
  readonly imports: Imports;
  /** Opens every archive that is made here. */
  readonly storageKey: { readonly kid: string; readonly secret: Uint8Array };
  readonly gate: Gate;
  readonly ledger: Ledger;
  readonly sealer: Sealer;
  readonly pipeline: Pipeline;
  readonly intake: Intake;
  readonly milestones: Milestone[] = [];
  /** What the site's file says, changeable in the middle. */
  readonly settings: { reserveBytes: number };
  readonly #stop = new AbortController();
  readonly #ownsSealer: boolean;

  private constructor(folder: string, ledger: Ledger, options: WorkplaceOptions) {
    const { quietMs = 30, rescanMs = 60_000, clock = systemClock, log = silentLog } = options;
    const { maxEntries = 1000, maxBytes = 1 << 30, reserveBytes = 0, around, shared } = options;
    const { mode = 'automatic', passwords = [] } = options;
    this.inbox = join(folder, 'inbox');
    this.casesFolder = join(folder, 'cases');
    this.spoolFolder = join(folder, 'spool');
    for (const made of [this.inbox, this.casesFolder, this.spoolFolder]) mkdirSync(made);
    const siteKey = randomBytes(32);
    const storageKey = randomBytes(32);
    this.storageKey = { kid: 'storage', secret: storageKey };
    const settings = { reserveBytes };
    this.settings = settings;
    this.ledger = ledger;
    this.gate = shared?.gate ?? new Gate();
    this.sealer = shared?.sealer ?? new Sealer(this.gate);
    this.#ownsSealer = shared === undefined;
    this.passwords = new Passwords({ gate: this.gate, log, sources: passwords });
    const { limits, maxSpoolBytes } = intakeSchema.parse({});
    const caps = { maxEntries, maxBytes, limits, maxSpoolBytes };
    const spaceLimits = {
      ...{ highPercent: 95, lowPercent: 85 },
      get reserveBytes() {
        return settings.reserveBytes;
      },
    };
    this.storage = new Storage({
      folders: { cases: this.casesFolder, ledger: join(folder, 'ledger.db'), ballast: join(folder, 'ballast') },
      ...{ limits: spaceLimits, log, presumedBytes: 0, onChange: () => {}, onWanted: () => {} },
    });
    const { storage } = this;
    const opener = new Opener({ passwords: this.passwords, caps, storage, spoolFolder: this.spoolFolder });
    this.pipeline = new Pipeline({
      ...{ ledger, clock, log, siteKey, storageKey, quietMs, maxEntries, maxBytes, mode, opener },
      sealer: around?.(this.sealer) ?? this.sealer,
      announce: (milestone) => void this.milestones.push(milestone),
      journal: new CaseJournal(join(folder, 'cases.journal'), storageKey),
      recipients: [this.storageKey],
      privacy: { profile: 'pseudonymised', siteKey },
      casesFolder: this.casesFolder,
      send: { review: 'always', study: 'always' },
      onChange: () => {},
      onSealed: (bytes) => storage.added(bytes),
    });
    const { gate, pipeline, inbox } = this;
    const mayGoOn = (entryKey: string) => canGoOn(ledger.read.caseByEntry(entryKey)?.reason);
    this.imports = new Imports({ siteKey, ownFolders: [inbox], maxNames: maxEntries, maxDepth: 8, mayGoOn });
    const { imports } = this;
    this.intake = new Intake({ gate, clock, log, pipeline, inboxes: [inbox], imports, siteKey, rescanMs });
  }

  /** Made and started; ended with the test. */
  static async open(test: TestContext, options: WorkplaceOptions = {}): Promise<Workplace> {
    const folder = temporaryFolder(test);
    const ledger = await Ledger.open({ path: join(folder, 'ledger.db'), log: silentLog });
    const place = new Workplace(folder, ledger, options);
    test.after(() => place.close());
    await place.intake.start(place.#stop.signal);
    return place;
  }

  /** Stops as the daemon does; may be called twice. */
  async close(): Promise<void> {
    if (this.#stop.signal.aborted) return;
    this.#stop.abort(new Error('stopping'));
    await this.intake.stop();
    if (this.#ownsSealer) await this.sealer.stop();
    await this.ledger.close();
  }

  /** Puts an export, or these files, into the inbox so that it appears at once. */
  drop(name: string, files: Readonly<Record<string, string | Uint8Array>> = tinyExport()): string {
    const aside = join(this.inbox, `.${name}`);
    writeFiles(aside, files);
    const folder = join(this.inbox, name);
    renameSync(aside, folder);
    return folder;
  }

  get cases(): readonly ApplianceCase[] {
    return this.ledger.read.cases();
  }

  /** Each case's stage, with the reason when it is held. */
  get stages(): readonly string[] {
    return this.cases.map(({ stage, reason }) => (reason ? `${stage}: ${reason}` : stage));
  }

  /** Waits until exactly these stages are reached, in the order of detection. */
  async reached(...stages: readonly string[]): Promise<void> {
    const wanted = stages.join(', ');
    await until(() => this.stages.join(', ') === wanted, wanted).catch((error: unknown) => {
      throw new Error(`${String(error)}; found ${this.stages.join(', ')}`);
    });
  }
}

/** Writes files, and the folders they need, below a folder. */
export function writeFiles(folder: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  mkdirSync(folder, { recursive: true });
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}
