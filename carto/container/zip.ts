import yauzl from 'yauzl';
import type { Checkpoint } from '../../core/gate-flag.ts';
import { CartoError } from '../error.ts';
import { Budget } from './budget.ts';
import { piecesFrom, type RandomBytes } from './bytes.ts';
import { byPath, type ContainedFile, type OpenedContainer } from './contained.ts';
import type { Context } from './context.ts';
import { expectPlain, Names } from './names.ts';
import { inflated, verified } from './zip-content.ts';
import { type ZipEntry, zipEntryOf } from './zip-entry.ts';
import { type Unlocked, ZipLock } from './zip-lock.ts';
import { zipNameOf } from './zip-name.ts';
import { ZipReader } from './zip-reader.ts';

/** Entries of the directory that are looked at between two checkpoints: about a millisecond. */
const entriesPerStep = 128;

const methods: ReadonlySet<number> = new Set([0, 8]);

/** A zip whose entries are compressed with something else than deflate. Whoever can read more may be asked. */
export class OtherMethod extends Error {}

/**
 * Opens a zip: reads its directory, and holds every name and every announced size to the caps. Files are read where they
 * lie, at random. Throws CartoError, or OtherMethod.
 */
export async function openZip(bytes: RandomBytes, context: Context): Promise<OpenedContainer> {
  const zip = await readable(
    yauzl.fromRandomAccessReaderPromise(new ZipReader(bytes, context.checkpoint), bytes.size, {
      decodeStrings: false,
      autoClose: false,
    }),
  );
  const archive = new ZipArchive(bytes, zip, context);
  await archive.list();
  const files = archive.files.sort(byPath);
  return { label: 'zip (yauzl)', files, leftOut: [], close: async () => {} };
}

class ZipArchive {
  readonly files: ContainedFile[] = [];
  readonly #bytes: RandomBytes;
  readonly #zip: yauzl.ZipFile;
  readonly #checkpoint: Checkpoint;
  readonly #names: Names;
  readonly #budget: Budget;
  readonly #lock: ZipLock | undefined;
  #encrypted: ZipEntry | undefined;
  #hasOtherMethod = false;
  /** Whether an entry came out whole: then the password was the right one. */
  #hasProved = false;

  constructor(bytes: RandomBytes, zip: yauzl.ZipFile, context: Context) {
    this.#bytes = bytes;
    this.#zip = zip;
    this.#checkpoint = context.checkpoint;
    this.#names = new Names(context.limits, 'zip');
    this.#budget = new Budget(context.limits, 'zip', context.outermostBytes);
    this.#lock = context.password === undefined ? undefined : new ZipLock(context.password);
  }

  async list(): Promise<void> {
    this.#budget.expectEntries(this.#zip.entryCount);
    const entries = this.#zip.eachEntry();
    for (;;) {
      if (this.#zip.entriesRead % entriesPerStep === 0) await this.#checkpoint();
      const { value, done } = await readable(entries.next());
      if (done) break;
      this.#admit(value);
    }
    if (this.#hasOtherMethod) throw new OtherMethod();
    if (this.#encrypted) await this.#unlock(this.#encrypted, await this.#dataStart(this.#encrypted));
  }

  #admit(entry: yauzl.Entry): void {
    expectPlain(entry.externalFileAttributes >>> 16, 'zip');
    const name = zipNameOf(entry);
    if (/[\\/]$/.test(name)) {
      this.#names.folder(name);
      return;
    }
    const path = this.#names.file(name);
    const one = zipEntryOf(entry);
    this.#budget.add(one.uncompressedSize);
    if (one.encryption) this.#encrypted ??= one;
    if (!methods.has(one.method)) this.#hasOtherMethod = true;
    const mtimeMs = entry.getLastModDate({ timezone: 'UTC' }).getTime();
    this.files.push({ path, bytes: one.uncompressedSize, mtimeMs, open: () => this.#read(one) });
  }

  async *#read(entry: ZipEntry): AsyncGenerator<Uint8Array> {
    await this.#checkpoint();
    const start = await this.#dataStart(entry);
    const unlocked = await this.#unlock(entry, start);
    const stored = unlocked ? this.#decrypted(unlocked, start) : this.#stored(start, entry.compressedSize);
    const { method, compressedSize, uncompressedSize } = entry;
    const plain = method === 0 ? stored : inflated(stored, compressedSize, uncompressedSize, this.#checkpoint);
    try {
      yield* verified(plain, entry);
      this.#hasProved = true;
    } catch (error) {
      throw this.#hasProved || entry.encryption?.kind !== 'zipcrypto' ? error : ofPassword(error);
    }
  }

  #stored(start: number, length: number): AsyncGenerator<Buffer> {
    return piecesFrom(this.#bytes, start, length, this.#checkpoint);
  }

  /** The MAC is looked at before the last bytes are out, but after those before them: who reads must read to the end. */
  async *#decrypted(unlocked: Unlocked, start: number): AsyncGenerator<Buffer> {
    const from = start + unlocked.skip;
    for await (const piece of this.#stored(from, unlocked.length)) yield unlocked.decrypt(piece);
    const mac = await this.#bytes.read(from + unlocked.length, unlocked.macBytes);
    if (!unlocked.matches(mac)) {
      throw new CartoError('UNREADABLE', 'the authentication code of an entry does not match its content', {
        kind: 'zip',
      });
    }
  }

  async #unlock(entry: ZipEntry, start: number): Promise<Unlocked | undefined> {
    if (entry.encryption === undefined) return undefined;
    if (!this.#lock) throw new CartoError('PASSWORD_NEEDED', 'the archive is encrypted', { kind: 'zip' });
    return this.#lock.unlock(this.#bytes, entry, entry.encryption, start);
  }

  /** What stands before the data must say the same as the directory: otherwise two readers would see two archives. */
  async #dataStart(entry: ZipEntry): Promise<number> {
    const local = await readable(this.#zip.readLocalFileHeaderPromise(entry as unknown as yauzl.Entry));
    if (!agree(local, entry)) {
      throw new CartoError('UNREADABLE', 'an entry contradicts the directory of its archive', { kind: 'zip' });
    }
    return local.fileDataStart;
  }
}

/** Sizes and checksum may stand behind the data instead (flag 8), or be left to the zip64 field. */
function agree(local: yauzl.LocalFileHeader, entry: ZipEntry): boolean {
  const same = (here: number, there: number | undefined) =>
    (local.generalPurposeBitFlag & 8) !== 0 ||
    here === 0 ||
    here === 0xffffffff ||
    there === undefined ||
    here === there;
  return (
    local.fileName.equals(entry.nameRaw) &&
    local.compressionMethod === entry.storedMethod &&
    (local.generalPurposeBitFlag & 1) === (entry.flags & 1) &&
    same(local.crc32, entry.crc32) &&
    same(local.compressedSize, entry.compressedSize) &&
    same(local.uncompressedSize, entry.uncompressedSize)
  );
}

/** One wrong password in 256 passes the check of ZipCrypto; what it decrypts to is then no content. */
function ofPassword(error: unknown): unknown {
  if (!(error instanceof CartoError) || error.code !== 'UNREADABLE') return error;
  return new CartoError('WRONG_PASSWORD', 'the password does not open the archive', { kind: 'zip' });
}

/** yauzl's errors may quote a name, so nothing of them goes on; our own, from below it, do. */
async function readable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof CartoError || !isOfYauzl(error)) throw error;
    throw new CartoError('UNREADABLE', 'the archive is cut off or damaged', { kind: 'zip' });
  }
}

/** yauzl throws plain errors only, and stumbles over impossible offsets with those of Node. */
function isOfYauzl(error: unknown): boolean {
  return error instanceof Error && (error.constructor === Error || error instanceof RangeError);
}
