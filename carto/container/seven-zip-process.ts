import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Checkpoint } from '../../core/gate-flag.ts';
import { CartoError } from '../error.ts';
import type { RandomBytes } from './bytes.ts';
import { frame, frameHeadBytes, maxFrameBytes, type SevenZipOrder, type SevenZipTask } from './seven-zip-frames.ts';

/** What 7-Zip may take: a dictionary of 128 MiB and what goes with it. The process around it takes some 60 MiB more. */
const maxHeapBytes = 192 * 2 ** 20;

/**
 * Processor time that it may use without giving anything, however often it asks. Not time: a busy machine, or one where a
 * procedure is active, is no reason to give up. The key of an encrypted archive takes it some seconds.
 */
const maxSilentCpuMs = 120_000;

/** How often we look at that, and how often at the gate while it loads. */
const watchMs = 1000;
const gateMs = 20;

const go = Buffer.of(1);

/**
 * 7-Zip at work on one archive, in a process of its own that has no right but to read its own code: it asks us for every
 * byte of the archive, hands us every byte that it unpacks, and stands still until it is answered. So it does nothing
 * while we wait at the gate, and it ends when we do.
 */
export class SevenZip {
  readonly #bytes: RandomBytes;
  readonly #checkpoint: Checkpoint;
  readonly #maxSilentCpuMs: number;
  #process: SevenZipProcess | undefined;

  constructor(bytes: RandomBytes, checkpoint: Checkpoint, maxSilentMs = maxSilentCpuMs) {
    this.#bytes = bytes;
    this.#checkpoint = checkpoint;
    this.#maxSilentCpuMs = maxSilentMs;
  }

  /**
   * What 7-Zip writes to its standard output, each piece when it is asked for. One run at a time; one that is not gone
   * through to its end ends the process. Throws UNREADABLE, TOO_LARGE (memory), UNSUPPORTED (a method), WRONG_PASSWORD.
   */
  async *run(order: SevenZipOrder): AsyncGenerator<Buffer> {
    await this.#checkpoint();
    const child = await this.#running();
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
    void this.#process?.end();
    this.#process = undefined;
  }

  async #running(): Promise<SevenZipProcess> {
    if (this.#process) return this.#process;
    const task: SevenZipTask = { archiveBytes: this.#bytes.size, maxHeapBytes };
    for (;;) {
      const child = new SevenZipProcess(this.#maxSilentCpuMs);
      this.#process = child;
      child.answer(lineOf(task));
      if (!(await this.#hasLoaded(child))) continue;
      await child.next();
      return child;
    }
  }

  /** While it loads it asks for nothing: when the gate closes then, it is ended, and begun again after the opening. */
  async #hasLoaded(child: SevenZipProcess): Promise<boolean> {
    let isEnded = false;
    while (!isEnded && !(await child.hasSpoken(gateMs))) {
      await this.#checkpoint(() => {
        isEnded = true;
        return child.end();
      });
    }
    return !isEnded;
  }
}

function lineOf(what: SevenZipOrder | SevenZipTask): Buffer {
  return Buffer.from(`${JSON.stringify(what)}\n`);
}

class SevenZipProcess {
  readonly #child: ChildProcess;
  readonly #socket: Duplex;
  readonly #gone = Promise.withResolvers<void>();
  readonly #maxSilentCpuMs: number;
  /** Never more than one frame: it waits for the answer. */
  #arrived: Buffer[] = [];
  #arrivedBytes = 0;
  #isOver = false;
  #wake: () => void = () => {};
  #watchedAt = performance.now();
  /** What it had used when we first looked after it last gave something. */
  #silentFromMs: number | undefined;

  constructor(maxSilentMs: number) {
    this.#maxSilentCpuMs = maxSilentMs;
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
    for (const event of ['exit', 'error']) this.#child.once(event, () => this.#gone.resolve());
    for (const emitter of [this.#child, this.#socket]) emitter.on('error', () => this.#over());
    this.#socket.on('close', () => this.#over());
    this.#socket.on('data', (bytes: Buffer) => {
      this.#arrived.push(bytes);
      this.#arrivedBytes += bytes.length;
      this.#wake();
    });
  }

  answer(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  /** Whether it has said anything or ended, waiting no longer than that. */
  async hasSpoken(withinMs: number): Promise<boolean> {
    if (this.#arrivedBytes === 0 && !this.#isOver) await this.#news(withinMs);
    return this.#arrivedBytes > 0 || this.#isOver;
  }

  async next(): Promise<{ readonly kind: number; readonly body: Buffer }> {
    const head = await this.#read(frameHeadBytes);
    const [kind, length] = [head.readUInt8(0), head.readUInt32LE(1)];
    if (length > maxFrameBytes) throw ended();
    if (kind !== frame.read) this.#silentFromMs = undefined;
    return { kind, body: length === 0 ? Buffer.alloc(0) : await this.#read(length) };
  }

  /** Resolves when it is gone. */
  end(): Promise<void> {
    this.#child.kill('SIGKILL');
    this.#socket.destroy();
    return this.#gone.promise;
  }

  async #read(length: number): Promise<Buffer> {
    while (this.#arrivedBytes < length) {
      this.#watch();
      if (this.#isOver) throw ended();
      await this.#news(watchMs);
    }
    const all = Buffer.concat(this.#arrived);
    this.#arrived = [all.subarray(length)];
    this.#arrivedBytes = all.length - length;
    return all.subarray(0, length);
  }

  /** Waits for bytes or its end, no longer than that. */
  #news(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** A damaged archive may keep 7-Zip at work for ever: it is given up by what it used. */
  #watch(): void {
    const now = performance.now();
    if (now - this.#watchedAt < watchMs) return;
    this.#watchedAt = now;
    const used = cpuMsOf(this.#child.pid);
    this.#silentFromMs ??= used;
    if (used - this.#silentFromMs > this.#maxSilentCpuMs) this.#isOver = true;
  }

  #over(): void {
    this.#isOver = true;
    this.#wake();
  }
}

const tickMs = 10;

/** Processor time of a process, of Linux; 0 when it is gone. */
function cpuMsOf(pid: number | undefined): number {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * tickMs;
  } catch {
    return 0;
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
