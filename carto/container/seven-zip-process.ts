import { type ChildProcess, spawn } from 'node:child_process';
import { extname } from 'node:path';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Checkpoint } from '../../core/gate-flag.ts';
import { CartoError } from '../error.ts';
import type { RandomBytes } from './bytes.ts';
import { frame, frameHeadBytes, maxFrameBytes, type SevenZipOrder, type SevenZipTask } from './seven-zip-frames.ts';

/** What 7-Zip may take: a dictionary of 128 MiB and what goes with it. The process around it takes some 60 MiB more. */
const maxHeapBytes = 192 * 2 ** 20;

/** The longest that it may work without asking or giving anything. A large dictionary is filled in less than a second. */
const silenceMs = 120_000;

const go = Buffer.of(1);

/**
 * 7-Zip at work on one archive, in a process of its own that has no right but to read its own code: it asks us for every
 * byte of the archive, hands us every byte that it unpacks, and stands still until it is answered. So it does nothing
 * while we wait at the gate, and it ends when we do.
 */
export class SevenZip {
  readonly #bytes: RandomBytes;
  readonly #checkpoint: Checkpoint;
  #process: SevenZipProcess | undefined;

  constructor(bytes: RandomBytes, checkpoint: Checkpoint) {
    this.#bytes = bytes;
    this.#checkpoint = checkpoint;
  }

  /**
   * What 7-Zip writes to its standard output, each piece when it is asked for. One run at a time; one that is not gone
   * through to its end ends the process. Throws UNREADABLE, TOO_LARGE (memory), UNSUPPORTED (a method), WRONG_PASSWORD.
   */
  async *run(order: SevenZipOrder): AsyncGenerator<Buffer> {
    await this.#checkpoint();
    const child = this.#running();
    let isOver = false;
    try {
      child.answer(lineOf(order));
      for (;;) {
        const { kind, body } = await child.next();
        await this.#checkpoint();
        if (kind === frame.end) {
          isOver = true;
          expectSuccess(body.readUInt32LE(0), body.readUInt32LE(4) === 1);
          return;
        }
        if (kind === frame.read) {
          child.answer(await this.#bytes.read(body.readDoubleLE(0), body.readUInt32LE(8)));
          continue;
        }
        if (kind === frame.complaint) expectNoComplaint(body.toString('utf8'));
        else yield body;
        await this.#checkpoint();
        child.answer(go);
      }
    } finally {
      if (!isOver) this.close();
    }
  }

  /** Ends the process. */
  close(): void {
    this.#process?.end();
    this.#process = undefined;
  }

  #running(): SevenZipProcess {
    if (this.#process) return this.#process;
    this.#process = new SevenZipProcess();
    const task: SevenZipTask = { archiveBytes: this.#bytes.size, maxHeapBytes };
    this.#process.answer(lineOf(task));
    return this.#process;
  }
}

function lineOf(what: SevenZipOrder | SevenZipTask): Buffer {
  return Buffer.from(`${JSON.stringify(what)}\n`);
}

class SevenZipProcess {
  readonly #child: ChildProcess;
  readonly #socket: Duplex;
  /** Never more than one frame: it waits for the answer. */
  #arrived: Buffer[] = [];
  #arrivedBytes = 0;
  #isOver = false;
  #wake: () => void = () => {};

  constructor() {
    const main = fileURLToPath(new URL(`./seven-zip-main${extname(import.meta.url)}`, import.meta.url));
    const folders = [new URL('../../', import.meta.url), new URL('./', import.meta.resolve('7z-wasm'))];
    const rights = ['--permission', ...folders.map((folder) => `--allow-fs-read=${fileURLToPath(folder)}*`)];
    const small = ['--max-old-space-size=64', '--max-semi-space-size=2'];
    this.#child = spawn(process.execPath, [...rights, ...small, main], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
      env: {},
      cwd: '/',
    });
    this.#socket = this.#child.stdio[3] as Duplex;
    for (const emitter of [this.#child, this.#socket]) emitter.on('error', () => this.#silent());
    this.#socket.on('close', () => this.#silent());
    this.#socket.on('data', (bytes: Buffer) => {
      this.#arrived.push(bytes);
      this.#arrivedBytes += bytes.length;
      this.#wake();
    });
  }

  answer(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  async next(): Promise<{ readonly kind: number; readonly body: Buffer }> {
    const head = await this.#read(frameHeadBytes);
    const length = head.readUInt32LE(1);
    if (length > maxFrameBytes) throw ended();
    return { kind: head.readUInt8(0), body: length === 0 ? Buffer.alloc(0) : await this.#read(length) };
  }

  end(): void {
    this.#child.kill('SIGKILL');
    this.#socket.destroy();
  }

  async #read(length: number): Promise<Buffer> {
    const silence = setTimeout(() => this.#silent(), silenceMs);
    try {
      while (this.#arrivedBytes < length) {
        if (this.#isOver) throw ended();
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      clearTimeout(silence);
    }
    const all = Buffer.concat(this.#arrived);
    this.#arrived = [all.subarray(length)];
    this.#arrivedBytes = all.length - length;
    return all.subarray(0, length);
  }

  #silent(): void {
    this.#isOver = true;
    this.#wake();
  }
}

/** What 7-Zip says on standard error holds names of files: nothing of it goes on. */
function expectNoComplaint(text: string): void {
  if (/wrong password/i.test(text)) {
    throw new CartoError('WRONG_PASSWORD', 'the password does not open the archive', { kind: '7z' });
  }
  if (/unsupported method/i.test(text)) {
    throw new CartoError('UNSUPPORTED', 'the archive is compressed with a method that is not read', { kind: '7z' });
  }
  if (/allocate/i.test(text)) throw tooMuchMemory();
  if (/error/i.test(text)) throw damaged();
}

function expectSuccess(exitCode: number, isMemoryShort: boolean): void {
  if (exitCode === 0) return;
  throw isMemoryShort || exitCode === 8 ? tooMuchMemory() : damaged();
}

function tooMuchMemory(): CartoError {
  return new CartoError('TOO_LARGE', `unpacking takes more than the limit of ${maxHeapBytes} bytes of memory`, {
    kind: '7z',
    hint: 'Pack the export with a dictionary of at most 128 MiB, or unpack it into a folder.',
  });
}

function damaged(): CartoError {
  return new CartoError('UNREADABLE', 'the archive is cut off or damaged', { kind: '7z' });
}

function ended(): CartoError {
  return new CartoError('UNREADABLE', '7-Zip ended before it had answered', { kind: '7z' });
}
