import { Sealer } from '../agent/seal/index.ts';
import { eraseArchive } from '../archive/index.ts';
import { defaultSourceLimits } from '../carto/index.ts';
import { Gate } from '../core/gate.ts';
import { newId } from '../protocol/ids.ts';

/** What one sealing needed. CPU seconds are those of the whole process. */
export interface SealNeeded {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly sourceBytes: number;
  readonly archiveBytes: number;
}

/** Where benches make their files: a folder on a disk that is worth measuring, or the system's temporary one. */
export function benchFolder(): string | undefined {
  return process.env.VESTIBULE_BENCH_FOLDER;
}

/** The daemon's own way of sealing, at an open gate: `Sealer`, its threads, both tiers, pseudonymising on. */
export class SealBench {
  readonly #folder: string;
  readonly #gate = new Gate();
  readonly #sealer: Sealer;

  constructor(folder: string) {
    this.#folder = folder;
    this.#gate.open();
    this.#sealer = new Sealer(this.#gate);
  }

  /** Seals an export, durably, and takes the archives away again. */
  async seal(source: string): Promise<SealNeeded> {
    using work = this.#gate.work('bench');
    const before = process.cpuUsage();
    const startedMs = performance.now();
    const { archives, sourceBytes } = await this.#sealer.seal(
      {
        ...{ kind: 'seal', source, target: this.#folder, caseId: newId('case'), siteKey: Buffer.alloc(32, 1) },
        ...{ limits: defaultSourceLimits, spoolFolder: this.#folder, maxSpoolBytes: 0 },
        archives: (['review', 'study'] as const).map((tier) => ({ tier, archiveId: newId('arc') })),
        recipients: [{ kid: 'storage', secret: Buffer.alloc(32, 2) }],
        privacy: { profile: 'pseudonymised', siteKey: Buffer.alloc(32, 3) },
      },
      work,
      new AbortController().signal,
    );
    const seconds = (performance.now() - startedMs) / 1000;
    const { user, system } = process.cpuUsage(before);
    for (const { path } of archives) eraseArchive(path);
    const archiveBytes = archives.reduce((sum, { bytes }) => sum + bytes, 0);
    return { seconds, cpuSeconds: (user + system) / 1e6, sourceBytes, archiveBytes };
  }

  stop(): Promise<void> {
    return this.#sealer.stop();
  }
}
