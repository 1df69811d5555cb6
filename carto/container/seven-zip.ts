import { CartoError } from '../error.ts';
import { Budget } from './budget.ts';
import { piecesFrom, type RandomBytes } from './bytes.ts';
import { byPath, type ContainedFile, type OpenedContainer } from './contained.ts';
import type { Context } from './context.ts';
import { Extraction } from './extraction.ts';
import { expectPlain, Names } from './names.ts';
import { archivePath } from './seven-zip-frames.ts';
import { type ListedEntry, ListingReader } from './seven-zip-listing.ts';
import { SevenZip } from './seven-zip-process.ts';

/**
 * Opens an archive with 7-Zip, which is told its type: none of its many other parsers ever sees a byte. Names and
 * announced sizes are held to the caps before anything is unpacked. Throws CartoError.
 */
export async function openSevenZip(
  bytes: RandomBytes,
  context: Context,
  type: '7z' | 'zip' = '7z',
): Promise<OpenedContainer> {
  const archive = new SevenZipArchive(bytes, context, type);
  const version = await archive.list().catch(async (error: unknown) => {
    await archive.close();
    throw error;
  });
  const files = archive.files.sort(byPath);
  return { label: `${type} (7z-wasm ${version})`, files, leftOut: [], close: () => archive.close() };
}

class SevenZipArchive {
  readonly files: ContainedFile[] = [];
  readonly #sevenZip: SevenZip;
  readonly #context: Context;
  readonly #type: string;
  readonly #streamed: ListedEntry[] = [];
  #extraction: Extraction | undefined;

  constructor(bytes: RandomBytes, context: Context, type: string) {
    this.#sevenZip = new SevenZip(bytes, context.checkpoint);
    this.#context = context;
    this.#type = type;
  }

  /** Resolves with the version of 7-Zip. */
  async list(): Promise<string> {
    const reader = new ListingReader();
    const names = new Names(this.#context.limits, this.#type);
    const budget = new Budget(this.#context.limits, this.#type, this.#context.outermostBytes);
    let count = 0;
    const admit = (entries: Iterable<ListedEntry>) => {
      for (const entry of entries) {
        budget.expectEntries(++count);
        this.#admit(entry, names, budget);
      }
    };
    try {
      for await (const piece of this.#run('l', '-slt')) admit(reader.add(piece));
    } catch (error) {
      throw this.#ofPassword(error, false);
    }
    admit(reader.end());
    if (this.#streamed.some((entry) => entry.isEncrypted)) this.#expectPassword();
    return reader.version;
  }

  async close(): Promise<void> {
    this.#sevenZip.close();
    await this.#extraction?.close();
  }

  #admit(entry: ListedEntry, names: Names, budget: Budget): void {
    expectPlain(entry.mode, this.#type);
    if (entry.isFolder) {
      names.folder(entry.name);
      return;
    }
    const path = names.file(entry.name);
    budget.add(entry.bytes);
    const index = this.#streamed.push(entry) - 1;
    const random = () => this.#content(index);
    const { checkpoint } = this.#context;
    async function* open() {
      await checkpoint();
      const content = await random();
      yield* piecesFrom(content, 0, content.size, checkpoint);
    }
    this.files.push({ path, bytes: entry.bytes, mtimeMs: entry.mtimeMs, open, random });
  }

  async #content(index: number): Promise<RandomBytes> {
    this.#extraction ??= new Extraction(this.#streamed, this.#run('x', '-so'), this.#context.spool);
    const extraction = this.#extraction;
    try {
      return await extraction.content(index);
    } catch (error) {
      throw this.#ofPassword(error, extraction.hasProved);
    }
  }

  /** The password is always given, if only an empty one: without it 7-Zip would ask. */
  #run(verb: string, how: string): AsyncGenerator<Buffer> {
    const { password = '' } = this.#context;
    return this.#sevenZip.run([verb, how, '-bd', `-t${this.#type}`, `-p${password}`, '--', archivePath]);
  }

  /** 7-Zip cannot tell a wrong password from damage; once something came out whole, we can. */
  #ofPassword(error: unknown, hasProved: boolean): unknown {
    if (!(error instanceof CartoError) || error.code !== 'WRONG_PASSWORD') return error;
    if (hasProved) return new CartoError('UNREADABLE', 'the archive is damaged', { kind: this.#type });
    return this.#context.password === undefined ? this.#passwordNeeded() : error;
  }

  #expectPassword(): void {
    if (this.#context.password === undefined) throw this.#passwordNeeded();
  }

  #passwordNeeded(): CartoError {
    return new CartoError('PASSWORD_NEEDED', 'the archive is encrypted', { kind: this.#type });
  }
}
