import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { cloudFoldersOf } from '../../cloud/folders.ts';
import { codeOf } from '../../core/errors.ts';
import type { ApplianceCase, CloudCase } from '../../protocol/documents.ts';
import { type LedgerReader, openLedgerReader } from '../../uploader/index.ts';
import { Cable, type CableOptions } from './cable.ts';
import { Network } from './network.ts';
import { freePortBase } from './ports.ts';
import { agentMain, cloudMain, command, type Finished, Part } from './process.ts';
import { until } from './until.ts';

export interface SiteOptions {
  /** Puts cables with this ceiling between appliance and cloud. */
  readonly bytesPerSecond?: number;
  /** Called with what the appliance sends through the cables (there are some when this is set). */
  readonly onClientData?: (piece: Buffer, connection: object) => void;
  /** Every piece that comes through a cable is late by so much (there are cables when this is set). */
  readonly delay?: CableOptions['delay'];
  /** Appliance and cloud run in its two namespaces. */
  readonly network?: Network;
  readonly quietSeconds?: number;
  readonly coolDownSeconds?: number;
  readonly rescanSeconds?: number;
  /** Whether cases are analysed once they are sealed. Off unless a test is about that: it takes seconds for each. */
  readonly analysis?: boolean;
  readonly environment?: Readonly<Record<string, string>>;
  /** Another checkout whose appliance is to be run; default: this one. */
  readonly applianceMain?: string;
}

/**
 * A whole product in a temporary folder: hub, receiver and appliance as processes of their own, in whatever state the
 * test puts them. `close` ends everything and removes the folder.
 */
export class Site {
  readonly data: string;
  readonly inbox: string;
  readonly hub: Part;
  readonly receiver: Part;
  readonly appliance: Part;
  readonly cables: readonly Cable[];
  readonly ports: { readonly mqtt: number; readonly https: number; readonly est: number };
  readonly #environment: Readonly<Record<string, string>>;

  private constructor(data: string, base: number, cables: readonly Cable[], options: SiteOptions) {
    this.data = data;
    this.inbox = join(data, 'appliance', 'inbox');
    this.ports = { mqtt: base, https: base + 1, est: base + 2 };
    this.cables = cables;
    this.#environment = options.environment ?? {};
    this.hub = new Part(cloudMain, 'run', 'hub', '--auto-approve', '--data', data, '--json');
    this.receiver = new Part(cloudMain, 'run', 'receiver', '--data', data, '--json');
    this.appliance = new Part(options.applianceMain ?? agentMain, 'run', '--data', data, '--json');
    if (!options.network) return;
    this.appliance.within = Network.within(options.network.appliance);
    for (const part of [this.hub, this.receiver]) part.within = Network.within(options.network.cloud);
  }

  /** Makes the folders, enrols a bundle and sets the appliance up. Nothing runs yet. */
  static async create(options: SiteOptions = {}): Promise<Site> {
    const data = mkdtempSync(join(tmpdir(), 'vestibule-site-'));
    const proxied = [options.bytesPerSecond, options.onClientData, options.delay].some((each) => each !== undefined);
    const base = await freePortBase(proxied ? 6 : 3);
    const advertise = proxied ? ['--advertise-base', String(base + 3)] : [];
    await expectDone(command(cloudMain, 'init', '--port-base', String(base), ...advertise, '--data', data));
    if (options.network) listenEverywhere(data);
    const cables = proxied ? await startCables(base, options) : [];
    const site = new Site(data, base, cables, options);
    await site.setUp(options);
    return site;
  }

  /** Starts all three parts and waits until the appliance is online. */
  async start(): Promise<this> {
    await this.startCloud();
    await this.startAppliance();
    return this;
  }

  async startCloud(): Promise<void> {
    const from = this.hub.lines.length;
    this.hub.start();
    await this.hub.said('hub-listening', 60_000, from);
    this.receiver.start();
  }

  async startAppliance(): Promise<void> {
    const from = this.appliance.lines.length;
    this.appliance.start(this.#environment);
    await this.appliance.said('online', 60_000, from);
  }

  /** Runs `vestibule …` on this site. */
  vestibule(...args: readonly string[]): Promise<Finished> {
    return command(agentMain, ...args, '--data', this.data);
  }

  /** Runs `vestibule-cloud …` on this site. */
  cloud(...args: readonly string[]): Promise<Finished> {
    return command(cloudMain, ...args, '--data', this.data);
  }

  /** What `cases list --json` prints, by the command itself. */
  async listedCases(): Promise<ApplianceCase[]> {
    return JSON.parse((await expectDone(this.vestibule('cases', 'list', '--json'))).stdout) as ApplianceCase[];
  }

  /** The same, read from the ledger without the cost of a process: for waiting. */
  async cases(): Promise<ApplianceCase[]> {
    if (!existsSync(join(this.data, 'appliance', 'ledger.db'))) return [];
    try {
      return this.ledger((read) => read.cases());
    } catch (error) {
      // It is being made.
      if (codeOf(error) !== 'SCHEMA_TOO_OLD') throw error;
      return [];
    }
  }

  /** Reads the appliance's ledger, which must exist. */
  ledger<T>(use: (read: LedgerReader) => T): T {
    const read = openLedgerReader(join(this.data, 'appliance', 'ledger.db'));
    try {
      return use(read);
    } finally {
      read.close();
    }
  }

  async cloudCases(): Promise<CloudCase[]> {
    return JSON.parse((await expectDone(this.cloud('cases', 'list', '--json'))).stdout) as CloudCase[];
  }

  /** Copies a folder into the inbox so that it appears there at once. */
  drop(folder: string, name: string): void {
    const staging = mkdtempSync(join(this.data, 'drop-'));
    cpSync(folder, join(staging, name), { recursive: true });
    renameSync(join(staging, name), join(this.inbox, name));
    rmSync(staging, { recursive: true });
  }

  /** Writes a synthetic export into the inbox and returns its folder. */
  async simulate(seed: number, points: number, out = this.inbox): Promise<string> {
    const done = await expectDone(
      command(agentMain, 'simulate', '--out', out, '--seed', String(seed), '--points', String(points), '--json'),
    );
    return (JSON.parse(done.stdout) as { folder: string }).folder;
  }

  /** Waits until so many cases are at a stage (by the appliance's own word). */
  reached(stage: ApplianceCase['stage'], count = 1, withinMs = 90_000): Promise<ApplianceCase[]> {
    return until(
      async () => {
        const found = (await this.cases()).filter((one) => one.stage === stage);
        return found.length >= count && found;
      },
      `${count} case(s) ${stage}`,
      withinMs,
      100,
    );
  }

  async close(): Promise<void> {
    await Promise.all([this.appliance.kill9(), this.receiver.kill9(), this.hub.kill9()]);
    for (const cable of this.cables) await cable.stop();
    rmSync(this.data, { recursive: true, force: true });
  }

  private async setUp(options: SiteOptions): Promise<void> {
    const made = await expectDone(this.cloud('enrol', 'create', '--device', 'appliance-1', '--json'));
    const { bundle, passphraseFile } = JSON.parse(made.stdout) as { bundle: string; passphraseFile: string };
    await expectDone(
      this.vestibule(
        'setup',
        '--bundle',
        bundle,
        '--passphrase-file',
        passphraseFile,
        '--authority',
        'leases',
        '--yes',
      ),
    );
    mkdirSync(this.inbox, { recursive: true });
    this.configure((config) => {
      config.intake = {
        ...config.intake,
        quietSeconds: options.quietSeconds ?? 1,
        rescanSeconds: options.rescanSeconds ?? 60,
      };
      // What is delivered stays, so that tests can wait for it and look at it.
      config.storage = { ...config.storage, reserveBytes: 0, keepDeliveredDays: 30 };
      config.procedure = { ...config.procedure, coolDownSeconds: options.coolDownSeconds ?? 0.2 };
      config.upload = { ...config.upload, receiptSeconds: 2 };
      config.analysis = { ...config.analysis, enabled: options.analysis ?? false };
    });
  }

  /** Changes the site file, as a person with an editor would. */
  configure(change: (config: Record<string, Record<string, unknown>>) => void): void {
    const path = join(this.data, 'appliance', 'vestibule.yaml');
    const config = parse(readFileSync(path, 'utf8')) as Record<string, Record<string, unknown>>;
    change(config);
    writeFileSync(path, stringify(config));
  }
}

/** The cloud's own file says where it listens; by itself that is the loopback interface alone. */
function listenEverywhere(data: string): void {
  const { settings: path } = cloudFoldersOf(data);
  const settings = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  writeFileSync(path, JSON.stringify({ ...settings, listen: '0.0.0.0' }), { mode: 0o600 });
}

async function startCables(base: number, options: SiteOptions): Promise<Cable[]> {
  const { bytesPerSecond, onClientData, delay } = options;
  const limits = {
    ...(bytesPerSecond === undefined ? {} : { bytesPerSecond }),
    ...(onClientData === undefined ? {} : { onClientData }),
    ...(delay === undefined ? {} : { delay }),
  };
  const cables = [0, 1, 2].map(
    (offset) => new Cable({ listenPort: base + 3 + offset, targetPort: base + offset, ...limits }),
  );
  return Promise.all(cables.map((cable) => cable.start()));
}

/** The result of a command that has to succeed. */
export async function expectDone(running: Promise<Finished>): Promise<Finished> {
  const finished = await running;
  if (finished.code === 0) return finished;
  throw new Error(`exit code ${finished.code}: ${finished.stderr || finished.stdout}`);
}
