import {
  block,
  bytes16,
  type Code,
  call,
  type Fn,
  giveBack,
  i32,
  i64,
  leave,
  leaveIf,
  local,
  loop,
  moduleOf,
  typeI32,
  typeI64,
  when,
} from './wasm.ts';

/**
 * The proof of a block of table rows, as a WebAssembly module. `prove` goes through the block once, cell by cell, and
 * refuses (`odd`) whatever is out of the ordinary: the caller then takes the slow way, which knows everything. What it
 * accepts the slow way would write in the same bytes, and the scan would find nothing in:
 *
 * - lines of blanks and tabs, ended by LF or CR LF, with no cell or exactly so many;
 * - a cell of numbers: perhaps a minus, digits, perhaps a point and digits; no more digits before the point than its
 *   column's bounds allow; no run of six to fifteen digits, and no nine to fifteen around a point, that staff typed;
 * - a cell of counters: digits, rewritten in place by the number that stands for them, right-aligned;
 * - a cell of words: one of four words of at most four letters;
 * - never a digit, one blank, and a digit: that may be a number in parts.
 *
 * It needs LF and 16 more bytes behind the block. When a counter is not in its table yet, `prove` stops with `unknown`
 * and leaves its state in the scratch, from where it is to be called again.
 */
export const layout = {
  /** Where `prove` stopped: at, column, lines, end of the cell before, each 4 bytes; then the counter, 8 bytes. */
  scratch: 0,
  words: 64,
  columns: 1024,
  maxColumns: 2048,
  originals: 16_384,
  originalSlots: 1 << 14,
  counters: 16_384 + 8 * (1 << 14),
  counterSlots: 1 << 16,
  block: 1_245_184,
  /** The longest line and a piece. The rest of the last page is the room that is needed behind it. */
  maxBlockBytes: (1 << 20) + (1 << 18),
  pages: 40,
} as const;

export const odd = -1;
export const unknown = -2;

/** A column: what its cells are, digits before the point, and whether a point is allowed; 4 bytes. */
export const columnKinds = { number: 0, counter: 1, word: 2 } as const;
export const fractionFlag = 1 << 16;
/** The counter's kind, in the bits above. */
export const counterShift = 17;

/** Knuth's multiplicative hash: the upper bits of key × 2^64/φ. */
export const hashFactor = 0x9e37_79b9_7f4a_7c15n;
export const hashShift = 40;

const space = 32;
const tab = 9;
const lineFeed = 10;
const carriageReturn = 13;

const slotOf = (key: Code, slots: number) =>
  i32.and(
    i32.ofI64(i64.shrU(i64.mul(key, i64.const(BigInt.asIntN(64, hashFactor))), i64.const(hashShift))),
    i32.const(slots - 1),
  );

interface Probe {
  /** Numbers of the locals: what is looked for; for the search itself, 4 and 8 bytes. */
  readonly key: number;
  readonly slot: number;
  readonly found: number;
  readonly table: { readonly from: number; readonly slots: number; readonly shift: number };
  /** What the function gives when the key is found. */
  readonly hit: Code;
}

/** Looks for a key in a table of slots, each of `1 << shift` bytes that begin with a key, 0 when free; gives 0 for none. */
function probe({ key, slot, found, table: { from, slots, shift }, hit }: Probe): Code {
  const { get, set } = local;
  return [
    ...set(slot, slotOf(get(key), slots)),
    ...loop(
      'probe',
      set(found, i64.load(i32.shl(get(slot), i32.const(shift)), from)),
      when(i64.eqz(get(found)), giveBack(i32.const(0))),
      when(i64.eq(get(found), get(key)), giveBack(hit)),
      set(slot, i32.and(i32.add(get(slot), i32.const(1)), i32.const(slots - 1))),
      leave('probe'),
    ),
    ...i32.const(0),
  ];
}

/** original(value, length): 1 when staff typed this number. Slots: 8 bytes, value × 16 + length, 0 when free. */
function original(): Fn {
  const [value, length, key, slot, found] = [0, 1, 2, 3, 4];
  const { get, set } = local;
  const table = { from: layout.originals, slots: layout.originalSlots, shift: 3 };
  return {
    takes: [typeI64, typeI32],
    gives: [typeI32],
    locals: [typeI64, typeI32, typeI64],
    body: [
      ...set(key, i64.add(i64.shl(get(value), i64.const(4)), i64.ofI32(get(length)))),
      ...probe({ key, slot, found, table, hit: i32.const(1) }),
    ],
  };
}

/** counter(key): where its slot is, or 0. Slots: key (8 bytes), number (4), digits of the number (4). */
function counter(): Fn {
  const [key, slot, found] = [0, 1, 2];
  const table = { from: layout.counters, slots: layout.counterSlots, shift: 4 };
  const place = i32.add(i32.shl(local.get(slot), i32.const(table.shift)), i32.const(table.from));
  return {
    takes: [typeI64],
    gives: [typeI32],
    locals: [typeI32, typeI64],
    body: probe({ key, slot, found, table, hit: place }),
  };
}

function prove(): Fn {
  const [at, end, columns, column, lines, previous, byte, spec, start, value, digits, total, slot, number] = [
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
  ];
  const { get, set } = local;
  const here = i32.load8(get(at));
  const step = (by = 1) => set(at, i32.add(get(at), i32.const(by)));
  const isByte = (code: number) => i32.eq(get(byte), i32.const(code));
  const isDigit = i32.ltU(i32.sub(get(byte), i32.const(48)), i32.const(10));
  const kind = i32.and(get(spec), i32.const(0xff));
  const maxDigits = i32.and(i32.shrU(get(spec), i32.const(8)), i32.const(0xff));
  const originalOf = (length: Code) => call(0, get(value), length);

  const skipBlanks = loop(
    'blanks',
    set(
      byte,
      i32.ctz(i32.xor(bytes16.mask(bytes16.eq(bytes16.load(get(at)), bytes16.splat(space))), i32.const(0x1_ffff))),
    ),
    set(at, i32.add(get(at), get(byte))),
    leaveIf('blanks', i32.eq(get(byte), i32.const(16))),
    set(byte, here),
    when(isByte(tab), step(), leave('blanks')),
  );

  /** Reads digits, at most fifteen with those before; `count` of them. */
  const readDigits = (count: number) =>
    loop(
      'digits',
      set(byte, here),
      when(
        isDigit,
        set(value, i64.add(i64.mul(get(value), i64.const(10)), i64.ofI32(i32.sub(get(byte), i32.const(48))))),
        set(count, i32.add(get(count), i32.const(1))),
        step(),
        leaveIf('digits', i32.ltU(get(count), i32.const(16))),
      ),
    );

  const numberCell = [
    ...when(isByte(45), step()),
    ...set(value, i64.const(0)),
    ...set(digits, i32.const(0)),
    ...readDigits(digits),
    ...leaveIf('odd', i32.eqz(get(digits))),
    ...leaveIf('odd', i32.gtU(get(digits), maxDigits)),
    ...when(i32.gtU(get(digits), i32.const(5)), leaveIf('odd', originalOf(get(digits)))),
    ...when(
      isByte(46),
      leaveIf('odd', i32.eqz(i32.and(get(spec), i32.const(fractionFlag)))),
      step(),
      set(total, get(digits)),
      readDigits(total),
      leaveIf('odd', i32.eq(get(total), get(digits))),
      leaveIf('odd', i32.gtU(get(total), i32.const(15))),
      when(i32.gtU(get(total), i32.const(8)), leaveIf('odd', originalOf(get(total)))),
    ),
  ];

  /** What ends a cell has been read. */
  const expectEnd = block(
    'ended',
    ...[space, tab, carriageReturn, lineFeed].map((code) => leaveIf('ended', isByte(code))),
    leave('odd'),
  );

  const counterCell = [
    ...set(value, i64.const(0)),
    ...set(digits, i32.const(0)),
    ...readDigits(digits),
    ...leaveIf('odd', i32.eqz(get(digits))),
    ...leaveIf('odd', i32.gtU(get(digits), i32.const(15))),
    ...set(
      slot,
      call(
        1,
        i64.add(
          i64.shl(get(value), i64.const(4)),
          i64.ofI32(i32.add(i32.shrU(get(spec), i32.const(counterShift)), i32.const(1))),
        ),
      ),
    ),
    ...when(
      i32.eqz(get(slot)),
      // What only begins like a counter must not become one.
      expectEnd,
      i32.store(i32.const(layout.scratch), get(start)),
      i32.store(i32.const(layout.scratch), get(column), 4),
      i32.store(i32.const(layout.scratch), get(lines), 8),
      i32.store(i32.const(layout.scratch), get(previous), 12),
      i64.store(i32.const(layout.scratch), get(value), 16),
      giveBack(i32.const(unknown)),
    ),
    ...set(number, i32.load(get(slot), 8)),
    ...set(total, i32.load(get(slot), 12)),
    ...leaveIf('odd', i32.gtU(get(total), get(digits))),
    ...set(value, i64.ofI32(get(number))),
    ...when(i32.gtU(get(total), i32.const(5)), leaveIf('odd', originalOf(get(total)))),
    ...set(slot, get(at)),
    ...loop(
      'write',
      set(slot, i32.sub(get(slot), i32.const(1))),
      i32.store8(get(slot), i32.add(i32.remU(get(number), i32.const(10)), i32.const(48))),
      set(number, i32.divU(get(number), i32.const(10))),
      leaveIf('write', get(number)),
    ),
    ...block(
      'filled',
      loop(
        'fill',
        leaveIf('filled', i32.eq(get(slot), get(start))),
        set(slot, i32.sub(get(slot), i32.const(1))),
        i32.store8(get(slot), i32.const(space)),
        leave('fill'),
      ),
    ),
  ];

  /** The letters up to the blank behind them, four at most, as one number. */
  const wordCell = [
    ...set(number, i32.const(0)),
    ...set(digits, i32.const(0)),
    ...loop(
      'letters',
      when(
        i32.gtU(get(byte), i32.const(space)),
        leaveIf('odd', i32.gtU(get(digits), i32.const(3))),
        set(number, i32.or(i32.shl(get(number), i32.const(8)), get(byte))),
        set(digits, i32.add(get(digits), i32.const(1))),
        step(),
        set(byte, here),
        leave('letters'),
      ),
    ),
    ...block(
      'known',
      ...[0, 4, 8, 12].map((offset) =>
        leaveIf('known', i32.eq(get(number), i32.load(i32.const(layout.words), offset))),
      ),
      leave('odd'),
    ),
  ];

  const cell = [
    ...leaveIf('odd', i32.eq(get(column), get(columns))),
    ...set(spec, i32.load(i32.shl(get(column), i32.const(2)), layout.columns)),
    // A digit, one blank, a digit.
    ...when(
      i32.eq(i32.sub(get(at), get(previous)), i32.const(1)),
      leaveIf('odd', i32.and(isDigit, i32.eq(i32.load8(get(previous)), i32.const(space)))),
    ),
    ...set(start, get(at)),
    ...block(
      'read',
      when(i32.eqz(kind), numberCell, leave('read')),
      when(i32.eq(kind, i32.const(columnKinds.counter)), counterCell, leave('read')),
      wordCell,
    ),
    ...set(byte, here),
    ...expectEnd,
    ...set(previous, get(at)),
    ...set(column, i32.add(get(column), i32.const(1))),
    ...leave('cell'),
  ];

  return {
    name: 'prove',
    takes: [typeI32, typeI32, typeI32, typeI32, typeI32, typeI32],
    gives: [typeI32],
    locals: [typeI32, typeI32, typeI32, typeI64, typeI32, typeI32, typeI32, typeI32],
    body: [
      ...block(
        'odd',
        loop(
          'cell',
          skipBlanks,
          when(isByte(carriageReturn), step(), set(byte, here), leaveIf('odd', i32.ne(get(byte), i32.const(lineFeed)))),
          block(
            'row',
            leaveIf('row', i32.ne(get(byte), i32.const(lineFeed))),
            // A line ends: no cell, or all of them.
            when(get(column), leaveIf('odd', i32.ne(get(column), get(columns)))),
            step(),
            set(column, i32.const(0)),
            set(previous, i32.const(0)),
            set(lines, i32.add(get(lines), i32.const(1))),
            leaveIf('cell', i32.ltU(get(at), get(end))),
            giveBack(get(lines)),
          ),
          cell,
        ),
      ),
      ...i32.const(odd),
    ],
  };
}

/** The module's bytes: some seven hundred. Written when asked for: most who load this folder prove nothing. */
export function kernelBytes(): Uint8Array<ArrayBuffer> {
  return moduleOf(layout.pages, [original(), counter(), prove()]);
}
