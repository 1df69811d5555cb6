/**
 * WebAssembly written by hand: the few instructions that the proof needs, as functions that return their bytes, operands
 * first (WebAssembly 2.0, 5.4 and 5.5). No tool, no binary in the repository: what runs is what can be read.
 */

/** A branch whose depth is known once the block that it leaves is written. */
interface Branch {
  readonly to: string;
  readonly depth: number;
}
export type Code = readonly (number | Branch)[];

export const typeI32 = 0x7f;
export const typeI64 = 0x7e;
const nothing = 0x40;

/** Signed LEB128. */
function signed(value: number | bigint): number[] {
  const bytes: number[] = [];
  for (let rest = BigInt(value); ; ) {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    if ((rest === 0n && low < 0x40) || (rest === -1n && low >= 0x40)) return [...bytes, low];
    bytes.push(low | 0x80);
  }
}

/** Unsigned LEB128. */
function unsigned(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) | 0x80);
  }
}

const one = (opcode: number) => (a: Code) => [...a, opcode];
const two = (opcode: number) => (a: Code, b: Code) => [...a, ...b, opcode];
/** No alignment is promised. */
const load =
  (opcode: number) =>
  (address: Code, offset = 0) => [...address, opcode, 0, ...unsigned(offset)];
const store =
  (opcode: number) =>
  (address: Code, value: Code, offset = 0) => [...address, ...value, opcode, 0, ...unsigned(offset)];

export const i32 = {
  const: (value: number): Code => [0x41, ...signed(value)],
  load: load(0x28),
  load8: load(0x2d),
  store: store(0x36),
  store8: store(0x3a),
  eqz: one(0x45),
  eq: two(0x46),
  ne: two(0x47),
  ltU: two(0x49),
  gtU: two(0x4b),
  geU: two(0x4f),
  ctz: one(0x68),
  add: two(0x6a),
  sub: two(0x6b),
  mul: two(0x6c),
  divU: two(0x6e),
  remU: two(0x70),
  and: two(0x71),
  or: two(0x72),
  xor: two(0x73),
  shl: two(0x74),
  shrU: two(0x76),
  ofI64: one(0xa7),
};

export const i64 = {
  const: (value: number | bigint): Code => [0x42, ...signed(value)],
  load: load(0x29),
  store: store(0x37),
  eqz: one(0x50),
  eq: two(0x51),
  add: two(0x7c),
  mul: two(0x7e),
  shl: two(0x86),
  shrU: two(0x88),
  ofI32: one(0xad),
};

/** Sixteen bytes at a time. */
export const bytes16 = {
  load: (address: Code): Code => [...address, 0xfd, 0, 0, 0],
  splat: (byte: number): Code => [...i32.const(byte), 0xfd, 15],
  eq: (a: Code, b: Code): Code => [...a, ...b, 0xfd, 35],
  /** Bit n is the highest bit of byte n. */
  mask: (a: Code): Code => [...a, 0xfd, ...unsigned(100)],
};

export const local = {
  get: (index: number): Code => [0x20, ...unsigned(index)],
  set: (index: number, value: Code): Code => [...value, 0x21, ...unsigned(index)],
};

export const call = (index: number, ...given: readonly Code[]): Code => [...given.flat(), 0x10, ...unsigned(index)];
export const giveBack = (value: Code): Code => [...value, 0x0f];
export const trap: Code = [0x00];

/** What is left by `leave(label)`. */
export const block = (label: string, ...body: readonly Code[]): Code => [
  0x02,
  nothing,
  ...within(label, body.flat()),
  0x0b,
];
/** What `leave(label)` goes back to the beginning of; it ends when its end is reached. */
export const loop = (label: string, ...body: readonly Code[]): Code => [
  0x03,
  nothing,
  ...within(label, body.flat()),
  0x0b,
];
export const when = (condition: Code, ...body: readonly Code[]): Code => [
  ...condition,
  0x04,
  nothing,
  ...within('', body.flat()),
  0x0b,
];
export const leave = (label: string): Code => [0x0c, { to: label, depth: 0 }];
export const leaveIf = (label: string, condition: Code): Code => [...condition, 0x0d, { to: label, depth: 0 }];

function within(label: string, body: Code): Code {
  return body.map((item) => {
    if (typeof item === 'number') return item;
    return item.to === label ? item.depth : { to: item.to, depth: item.depth + 1 };
  });
}

export interface Fn {
  readonly name?: string;
  readonly takes: readonly number[];
  readonly gives: readonly number[];
  readonly locals: readonly number[];
  readonly body: Code;
}

/** A module with one memory of so many pages of 64 KiB, exported as `memory`, and these functions. */
export function moduleOf(pages: number, fns: readonly Fn[]): Uint8Array<ArrayBuffer> {
  const vector = (items: readonly (readonly number[])[]) => [...unsigned(items.length), ...items.flat()];
  const section = (id: number, content: readonly number[]) => [id, ...unsigned(content.length), ...content];
  const text = (name: string) => [...unsigned(name.length), ...Buffer.from(name, 'latin1')];
  const named = fns.flatMap(({ name }, at) => (name === undefined ? [] : [[...text(name), 0, ...unsigned(at)]]));
  const bodies = fns.map(({ locals, body }) => {
    const code = [...vector(locals.map((type) => [1, type])), ...resolved(body), 0x0b];
    return [...unsigned(code.length), ...code];
  });
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(
      1,
      vector(fns.map(({ takes, gives }) => [0x60, ...vector(takes.map((t) => [t])), ...vector(gives.map((t) => [t]))])),
    ),
    ...section(3, vector(fns.map((_, at) => unsigned(at)))),
    ...section(5, vector([[1, ...unsigned(pages), ...unsigned(pages)]])),
    ...section(7, vector([[...text('memory'), 2, 0], ...named])),
    ...section(10, vector(bodies)),
  ]);
}

function resolved(body: Code): number[] {
  return body.map((item) => {
    if (typeof item === 'number') return item;
    throw new RangeError(`no block is called ${item.to}`);
  });
}

/** The part of the run-time's WebAssembly that is used here; its types come with browsers only. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object) => { readonly exports: Readonly<Record<string, unknown>> };
}

export const webAssembly = (globalThis as unknown as { readonly WebAssembly: WebAssemblyApi }).WebAssembly;
