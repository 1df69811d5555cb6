import { constants, readSync, writeSync } from 'node:fs';
import loaded, { type FSStream, type SevenZipModuleFactory } from '7z-wasm';
import {
  archivePath,
  type FrameKind,
  frame,
  frameHeadBytes,
  maxFrameBytes,
  type SevenZipOrder,
  type SevenZipTask,
} from './seven-zip-frames.ts';

/**
 * The process in which 7-Zip runs. It has no file but the socket to its parent, of whom it asks every byte of the archive
 * and to whom it gives every byte that it unpacks; each time it stands still until the parent, who stands at the gate,
 * answers. It ends when its parent does.
 */
const socket = 3;
const factory = ((loaded as unknown as { readonly default?: SevenZipModuleFactory }).default ??
  loaded) as SevenZipModuleFactory;

/** 7-Zip, with the archive in its file system, and its outputs led to the socket. The function is its `main`. */
async function load(archiveBytes: number): Promise<(order: SevenZipOrder) => number> {
  const quit = (_code: number, thrown: unknown) => {
    throw thrown;
  };
  const silent = () => {};
  const { FS, callMain } = await factory({ quit, print: silent, printErr: silent, stdin: () => 0 });
  FS.mkdir('/in');
  FS.writeFile(archivePath, '');
  const { node } = FS.lookupPath(archivePath);
  const readOnly = () => {
    throw new Error('nothing is written');
  };
  const file = node as unknown as { usedBytes: number; stream_ops: object };
  file.usedBytes = archiveBytes;
  file.stream_ops = { ...file.stream_ops, read: readArchive(archiveBytes), write: readOnly, mmap: readOnly };
  const outputs = [undefined, new Output(frame.output), new Output(frame.complaint)];
  FS.write = (stream, from, offset, length) => {
    const output = outputs[(stream as FSStream & { readonly fd: number }).fd] ?? readOnly();
    output.add(new Uint8Array(from.buffer, from.byteOffset + offset, length));
    return length;
  };
  return (order) => {
    const code: unknown = callMain([...order]);
    for (const output of outputs) output?.flush();
    return typeof code === 'number' ? code : 2;
  };
}

/** 7-Zip reads a header in small steps; the window spares most of the asking. */
function readArchive(archiveBytes: number) {
  let window: { readonly at: number; readonly bytes: Buffer } = { at: 0, bytes: Buffer.alloc(0) };
  return (_stream: unknown, to: Uint8Array, offset: number, length: number, position: number): number => {
    const wanted = Math.max(0, Math.min(length, archiveBytes - position));
    for (let done = 0; done < wanted; ) {
      const at = position + done;
      if (at < window.at || at >= window.at + window.bytes.length) {
        window = { at, bytes: askFor(at, Math.min(maxFrameBytes, archiveBytes - at)) };
      }
      const part = window.bytes.subarray(at - window.at, at - window.at + wanted - done);
      to.set(part, offset + done);
      done += part.length;
    }
    return wanted;
  };
}

function askFor(at: number, length: number): Buffer {
  const question = Buffer.alloc(12);
  question.writeDoubleLE(at);
  question.writeUInt32LE(length, 8);
  send(frame.read, question);
  return receive(length);
}

/** Gathers what 7-Zip writes line by line; large pieces go on at once. */
class Output {
  readonly #kind: FrameKind;
  readonly #gathered = Buffer.alloc(32 * 1024);
  #length = 0;

  constructor(kind: FrameKind) {
    this.#kind = kind;
  }

  add(bytes: Uint8Array): void {
    if (this.#length + bytes.length > this.#gathered.length) this.flush();
    if (bytes.length <= this.#gathered.length) {
      this.#gathered.set(bytes, this.#length);
      this.#length += bytes.length;
      return;
    }
    for (let at = 0; at < bytes.length; at += maxFrameBytes) this.#send(bytes.subarray(at, at + maxFrameBytes));
  }

  flush(): void {
    if (this.#length > 0) this.#send(this.#gathered.subarray(0, this.#length));
    this.#length = 0;
  }

  #send(bytes: Uint8Array): void {
    send(this.#kind, bytes);
    receive(1);
  }
}

/** An archive says how much memory unpacking it takes. 7-Zip reports what it does not get as an error of its own. */
function capMemory(maxHeapBytes: number): { readonly isShort: boolean } {
  const state = { isShort: false };
  const { prototype } = (globalThis as unknown as { readonly WebAssembly: { readonly Memory: WasmMemory } }).WebAssembly
    .Memory;
  const grow = prototype.grow;
  prototype.grow = function (pages: number) {
    state.isShort = this.buffer.byteLength + pages * 65_536 > maxHeapBytes;
    if (state.isShort) throw new RangeError('the heap is as large as it may be');
    return grow.call(this, pages);
  };
  return state;
}

/** Node's types leave WebAssembly to the browser's. */
interface WasmMemory {
  readonly prototype: { readonly buffer: ArrayBuffer; grow(pages: number): number };
}

function send(kind: FrameKind, bytes: Uint8Array): void {
  const head = Buffer.alloc(frameHeadBytes);
  head.writeUInt8(kind);
  head.writeUInt32LE(bytes.length, 1);
  for (const part of [head, bytes]) for (let at = 0; at < part.length; ) at += writeSync(socket, part, at);
}

function receive(length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let at = 0; at < length; ) {
    const read = readSync(socket, bytes, at, length - at, null);
    if (read === 0) process.exit(1);
    at += read;
  }
  return bytes;
}

function receiveLine(): string {
  const bytes: Buffer[] = [];
  for (let byte = receive(1); byte[0] !== 0x0a; byte = receive(1)) bytes.push(byte);
  return Buffer.concat(bytes).toString('utf8');
}

// The module prepares for the real file system, which is not used, through a door that a process without rights has not.
Object.assign(process, { binding: () => ({ fs: constants }) });

const task = JSON.parse(receiveLine()) as SevenZipTask;
const memory = capMemory(task.maxHeapBytes);
const main = await load(task.archiveBytes);
send(frame.ready, new Uint8Array());
for (;;) {
  const end = Buffer.alloc(8);
  end.writeUInt32LE(main(JSON.parse(receiveLine()) as SevenZipOrder));
  end.writeUInt32LE(memory.isShort ? 1 : 0, 4);
  send(frame.end, end);
}
