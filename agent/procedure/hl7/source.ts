import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Clock } from '../../../core/clock.ts';
import { describe, type Log } from '../../../core/log.ts';
import type { EventEvidence } from '../event-evidence.ts';
import { Listener, type ListenerSettings } from '../listener.ts';
import { acknowledge, type Verdict } from './acknowledge.ts';
import { type Meaning, meaningOf, type RoomField, timeOf } from './meaning.ts';
import { Hl7Message } from './message.ts';
import { frame, MllpDecoder } from './mllp.ts';

export interface Hl7Settings extends ListenerSettings {
  readonly rooms: readonly string[];
  readonly fields: readonly RoomField[];
  /** How long the word that the room is free counts. */
  readonly freeMinutes: number;
  /** How long the presence of a patient counts as weak evidence. */
  readonly presenceMinutes: number;
}

interface Deps {
  readonly settings: Hl7Settings;
  readonly evidence: EventEvidence;
  readonly clock: Clock;
  readonly log: Log;
  readonly onChange: () => void;
  /** How long a message that has begun may take to arrive, and a silent connection may stay. Tests shorten them. */
  readonly frameMs?: number;
  readonly idleMs?: number;
}

const largestMessageBytes = 1024 * 1024;
/** A word of free whose own time is further from ours is an old one: it was queued somewhere, or a clock is wrong. */
const staleMs = 10 * 60_000;

/**
 * HL7 v2 over MLLP. Of a message nothing is kept but what it means for this room, when it came, and a digest of the id
 * that its end will name. It is durable before it is acknowledged.
 */
export function hl7Source(deps: Deps): Listener {
  const { settings, evidence, clock, log, onChange } = deps;
  const server = new Hl7Server(deps);
  return new Listener({
    ...{ settings, evidence, clock, log, onChange, name: 'hl7' },
    serve: (socket) => server.serve(socket),
  });
}

class Hl7Server {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  serve(socket: Socket): void {
    const { frameMs = 30_000, idleMs = 60 * 60_000 } = this.#deps;
    const decoder = new MllpDecoder(largestMessageBytes);
    let late: NodeJS.Timeout | undefined;
    socket.setTimeout(idleMs, () => socket.destroy());
    socket.on('close', () => clearTimeout(late));
    socket.on('data', (chunk: Buffer) => {
      const { messages, overflow } = decoder.push(chunk);
      for (const message of messages) this.#answer(socket, message);
      if (overflow) socket.destroy();
      if (messages.length > 0 || !decoder.isInside) {
        clearTimeout(late);
        late = undefined;
      }
      if (decoder.isInside) late ??= setTimeout(() => socket.destroy(), frameMs);
    });
  }

  #answer(socket: Socket, bytes: Buffer): void {
    const { clock } = this.#deps;
    const own = { id: randomBytes(8).toString('hex'), now: clock.now() };
    const answer = acknowledge(Hl7Message.plain(bytes), this.#hear(bytes), own);
    if (answer && socket.writable) socket.write(frame(answer));
    // A peer that never reads what it is sent.
    if (socket.writableLength > largestMessageBytes) socket.destroy();
  }

  /** Never throws: whatever a message is, its sender gets a verdict. */
  #hear(bytes: Buffer): Verdict {
    const { log, settings, evidence, onChange } = this.#deps;
    try {
      const message = Hl7Message.parse(bytes);
      if (!message || message.value('MSH', 10) === '' || message.value('MSH', 9) === '') return 'reject';
      const meaning = meaningOf(message, settings);
      if (meaning.kind === 'nothing') return 'accept';
      this.#take(meaning, timeOf(message.value('MSH', 7)));
      // The gate first, the disk after it; the answer last.
      onChange();
      evidence.save();
      return 'accept';
    } catch (error) {
      log.error({ source: 'hl7', error: describe(error) }, 'message not taken');
      return 'error';
    }
  }

  #take({ kind, id }: Meaning, saidAtMs: number | undefined): void {
    const { evidence, settings, clock } = this.#deps;
    // Without a number nothing tells one from another: such a thing can only run out.
    const key = id === '' ? `${kind} without a number` : evidence.digestOf(id);
    switch (kind) {
      case 'began':
        evidence.began(key, 'a procedure in this room is in progress');
        break;
      case 'arrived':
        evidence.began(`${key} here`, 'a patient is in this room', 'maybe', settings.presenceMinutes * 60_000);
        break;
      case 'left':
        evidence.ended(`${key} here`);
        break;
      case 'dropped':
        evidence.ended(key);
        break;
      case 'over':
        evidence.ended(key);
        if (saidAtMs !== undefined && Math.abs(clock.now().getTime() - saidAtMs) <= staleMs) {
          evidence.free('a procedure in this room was completed', settings.freeMinutes * 60_000);
        }
        break;
      case 'nothing':
        break;
    }
  }
}
