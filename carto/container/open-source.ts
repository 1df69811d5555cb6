import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, resolve } from 'node:path';
import type { Checkpoint } from '../../core/gate-flag.ts';
import { CartoError } from '../error.ts';
import { listFolder } from '../folder.ts';
import { headOf } from '../pieces.ts';
import type { LeftOut, Source } from '../source.ts';
import { holdsStudy } from '../survey.ts';
import { Tally } from '../tally.ts';
import type { RandomBytes } from './bytes.ts';
import type { ContainedFile, OpenedContainer } from './contained.ts';
import type { Context } from './context.ts';
import { FileBytes } from './file-bytes.ts';
import { defaultSourceLimits, type SourceLimits } from './limits.ts';
import { safely } from './listed-file.ts';
import { openSevenZip } from './seven-zip.ts';
import { containerOf, magicBytes } from './sniff.ts';
import { Spool } from './spool.ts';
import { OtherMethod, openZip } from './zip.ts';

export interface OpenOptions {
  readonly limits?: Partial<SourceLimits>;
  /** Offered to every archive that is encrypted, the outer and the inner. */
  readonly password?: string;
  /** Where content is spooled, in a file without a name; the system's temporary folder unless said. */
  readonly spoolFolder?: string;
  /** As much as the largest source unless said. */
  readonly maxSpoolBytes?: number;
}

/**
 * Opens a folder or an archive as a source: by what it begins with, not by its name. Where a container holds no study but
 * one archive, that is opened in its place, and so on. `checkpoint` is awaited before every step of the work, while
 * opening and while reading. Throws CartoError (no message holds a name or a password); whoever gets a source closes it.
 */
export async function openSource(path: string, checkpoint: Checkpoint, options: OpenOptions = {}): Promise<Source> {
  const opening = new Opening(checkpoint, options);
  try {
    const { files, leftOut, labels } = await opening.open(path);
    const container = labels.join(' > ');
    return { name: basename(resolve(path)), files, leftOut, container, close: () => opening.close() };
  } catch (error) {
    await opening.close();
    throw error;
  }
}

/** Deflate64, bzip2, LZMA and others in a zip: 7-Zip reads them too. */
async function zipOrSevenZip(bytes: RandomBytes, context: Context): Promise<OpenedContainer> {
  try {
    return await openZip(bytes, context);
  } catch (error) {
    if (!(error instanceof OtherMethod)) throw error;
    return openSevenZip(bytes, context, 'zip');
  }
}

/** What has been opened on the way in, or since, to be closed the other way round. */
class Opening {
  readonly #checkpoint: Checkpoint;
  readonly #options: OpenOptions;
  readonly #limits: SourceLimits;
  readonly #held: (() => Promise<void>)[] = [];
  #spool: Promise<Spool> | undefined;
  #outermostBytes: number | undefined;

  constructor(checkpoint: Checkpoint, options: OpenOptions) {
    this.#checkpoint = checkpoint;
    this.#options = options;
    this.#limits = { ...defaultSourceLimits, ...options.limits };
  }

  async open(path: string) {
    await this.#checkpoint();
    let opened = await this.#outermost(path);
    const labels = [opened.label];
    const leftOut = new Tally();
    const count = (counts: readonly LeftOut[]) => {
      for (const { kind, count } of counts) leftOut.add(kind, count);
    };
    count(opened.leftOut);
    for (let depth = 0; !(await holdsStudy(opened, this.#checkpoint)); depth++) {
      const inner = await this.#innerArchive(opened);
      if (inner === undefined) break;
      if (depth === this.#limits.maxNesting + (labels[0] === 'folder' ? 1 : 0)) {
        throw new CartoError('TOO_LARGE', `archives nest deeper than the limit of ${this.#limits.maxNesting}`);
      }
      if (opened.files.length > 1) leftOut.add('beside-archive', opened.files.length - 1);
      opened = await this.#archive(await this.#randomBytesOf(inner));
      labels.push(opened.label);
      count(opened.leftOut);
    }
    return { files: opened.files, leftOut: leftOut.counts(), labels };
  }

  async close(): Promise<void> {
    for (let close = this.#held.pop(); close !== undefined; close = this.#held.pop()) await close();
  }

  async #outermost(path: string): Promise<OpenedContainer> {
    const stats = await safely(stat(path));
    if (stats.isDirectory()) {
      return { label: 'folder', ...(await listFolder(path, this.#checkpoint, this.#limits)), close: async () => {} };
    }
    return this.#archive(await FileBytes.open(path, { bytes: stats.size, mtimeMs: stats.mtimeMs }));
  }

  async #archive(bytes: RandomBytes): Promise<OpenedContainer> {
    this.#held.push(() => bytes.close());
    this.#outermostBytes ??= bytes.size;
    const kind = containerOf(await bytes.read(0, Math.min(magicBytes, bytes.size)));
    if (kind === 'other') {
      throw new CartoError('UNSUPPORTED', 'this is neither a folder nor an archive that is read');
    }
    const context = this.#context(this.#outermostBytes);
    const opened = kind === '7z' ? await openSevenZip(bytes, context) : await zipOrSevenZip(bytes, context);
    this.#held.push(() => opened.close());
    return opened;
  }

  /** The one archive among the files. Two would be two cases. */
  async #innerArchive({ files }: OpenedContainer): Promise<ContainedFile | undefined> {
    const found: ContainedFile[] = [];
    for (const file of files) {
      if (containerOf(await headOf(file, this.#checkpoint, magicBytes)) !== 'other') found.push(file);
      if (found.length > 1) {
        throw new CartoError('UNREADABLE', 'a container holds several archives, and no study beside them', {
          kind: 'container',
          hint: 'Put each export into a folder of its own.',
        });
      }
    }
    return found[0];
  }

  async #randomBytesOf(file: ContainedFile): Promise<RandomBytes> {
    if (file.random) return file.random();
    const spool = await this.#openSpool();
    const from = spool.size;
    for await (const piece of file.open()) {
      await this.#checkpoint();
      await spool.append(piece);
    }
    return spool.part(from, spool.size - from);
  }

  #context(outermostBytes: number): Context {
    const { password } = this.#options;
    const spool = () => this.#openSpool();
    return { checkpoint: this.#checkpoint, limits: this.#limits, password, outermostBytes, spool };
  }

  #openSpool(): Promise<Spool> {
    this.#spool ??= this.#createSpool();
    return this.#spool;
  }

  async #createSpool(): Promise<Spool> {
    const { spoolFolder = tmpdir(), maxSpoolBytes = this.#limits.maxTotalBytes } = this.#options;
    const spool = await Spool.create(spoolFolder, maxSpoolBytes);
    this.#held.push(() => spool.close());
    return spool;
  }
}
