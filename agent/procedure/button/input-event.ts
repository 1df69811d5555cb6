/** One event of a Linux input device (linux/input.h, `struct input_event`). */
export interface InputEvent {
  readonly type: number;
  readonly code: number;
  readonly value: number;
}

/** On 64-bit machines, where this program runs: two 8-byte times, then type and code (16 bits), value (32 bits, signed). */
export const eventBytes = 24;

const timeBytes = 16;
const types = { synchronise: 0, key: 1 } as const;
/** `SYN_DROPPED`: the kernel's buffer ran over, and events are lost. */
const dropped = 3;

/** Cuts the stream of a device into events; one may come in pieces. */
export class EventDecoder {
  #rest: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): readonly InputEvent[] {
    const bytes = Buffer.concat([this.#rest, chunk]);
    const whole = Math.floor(bytes.length / eventBytes);
    this.#rest = bytes.subarray(whole * eventBytes);
    return Array.from({ length: whole }, (_, at) => {
      const from = at * eventBytes + timeBytes;
      return { type: bytes.readUInt16LE(from), code: bytes.readUInt16LE(from + 2), value: bytes.readInt32LE(from + 4) };
    });
  }
}

/** What an event means for a button with these keys. A key that is held repeats itself, which means nothing. */
export function meaningOf(
  { type, code, value }: InputEvent,
  keys: { readonly key: number; readonly releaseKey?: number },
): 'pressed' | 'let go' | 'released' | 'lost' | 'nothing' {
  if (type === types.synchronise && code === dropped) return 'lost';
  if (type !== types.key) return 'nothing';
  if (code === keys.key) return value === 1 ? 'pressed' : value === 0 ? 'let go' : 'nothing';
  return code === keys.releaseKey && value === 1 ? 'released' : 'nothing';
}
