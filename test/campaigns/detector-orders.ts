import assert from 'node:assert/strict';
import { firstMemory, type Memory, type Rules } from '../../agent/procedure/detector.ts';
import type { Statement } from '../../agent/procedure/evidence.ts';
import { authorities } from '../../protocol/control.ts';
import { seededRandom } from '../harness/random.ts';
import type { Detect } from './detector-exhaustive.ts';

/** What is said, with the oracle's own note of when it ends on the true clock of the machine. */
interface Said {
  readonly statement: TimedStatement;
  readonly untilMs: number;
}

/** With the wall-clock time too, for the fault of looking at that. */
export interface TimedStatement extends Statement {
  readonly saidAtWallMs?: number;
}

export interface Orders {
  readonly orders: number;
  readonly looks: number;
  readonly openings: number;
}

const tenYearsMs = 10 * 365.25 * 86_400_000;
const longestWaitMs = 900_000;
const sources = ['leases', 'timetable', 'hl7', 'mpps', 'neighbours', 'activity'] as const;

/**
 * Random orders of everything that may happen to a room, its clocks and its machine, from `seed` on. At every look the
 * detector is compared with an oracle that only knows true ends. Throws at the first opening that was not due.
 */
export function randomOrders(detect: Detect, seed: number, orders: number): Orders {
  let looks = 0;
  let openings = 0;
  for (let order = 0; order < orders; order++) {
    const room = new Room(detect, seededRandom(seed + order), `order ${seed + order}`);
    room.live(30);
    looks += room.looks;
    openings += room.openings;
  }
  return { orders, looks, openings };
}

class Room {
  looks = 0;
  openings = 0;
  readonly #detect: Detect;
  readonly #random: () => number;
  readonly #name: string;
  readonly #rules: Rules;
  #nowMs: number;
  #wallMs = Date.parse('2030-01-01T00:00:00Z');
  #suspendedMs = 0;
  #memory: Memory = firstMemory;
  #said: Said[] = [];
  /** When the oracle last saw a reason against an opening. */
  #calmSinceMs: number | undefined;
  #isBroken = true;
  /** A person's word as the oracle knows it: until when, and what of all that is said was set aside. */
  #word: { readonly untilMs: number; readonly givenMs: number; readonly aside: ReadonlySet<string> } | undefined;

  constructor(detect: Detect, random: () => number, name: string) {
    this.#detect = detect;
    this.#random = random;
    this.#name = name;
    this.#nowMs = 100_000 + Math.floor(random() * 1e9);
    const named = authorities.filter(() => random() < 0.5);
    this.#rules = {
      authorities: named,
      coolDownMs: this.#pick([0, 1_000, 30_000, 120_000]),
      overrideMaxMs: this.#pick([undefined, 600_000, 3_600_000]),
    };
  }

  live(events: number): void {
    this.#look();
    for (let event = 0; event < events; event++) {
      this.#pick(this.#events)();
      this.#pass(this.#random() < 0.3 ? 0 : this.#random() * 1.5 * this.#rules.coolDownMs);
    }
  }

  readonly #events: readonly (() => void)[] = [
    () => this.#say('busy'),
    () => this.#say('busy'),
    () => this.#say('free'),
    () => this.#say('free'),
    () => this.#say('free'),
    () => this.#say('maybe'),
    () => this.#takeBack('busy'),
    () => this.#takeBack('busy', 'maybe'),
    () => this.#takeBack('free'),
    () => this.#override(),
    // A share that is not mounted, a listener that lost its connection: it says that it says nothing.
    () => this.#say('nothing'),
    () => {
      this.#wallMs += (this.#random() * 2 - 1) * tenYearsMs;
    },
    // The machine sleeps: the monotonic clock stands, the room goes on.
    () => {
      const ms = 10_000 + this.#random() * 8 * 3_600_000;
      this.#suspendedMs += ms;
      this.#word = undefined;
      this.#wallMs += ms;
      this.#isBroken = true;
      this.#said = this.#said.map((one) => (one.statement.says === 'free' ? { ...one, untilMs: 0 } : one));
      this.#look();
    },
    // The process is stopped for a while: time goes on, nobody looks.
    () => {
      const ms = longestWaitMs + 10_000 + Math.floor(this.#random() * 3_600_000);
      this.#nowMs += ms;
      this.#wallMs += ms;
      this.#isBroken = true;
      this.#look();
    },
    () => this.#restart(),
    () => this.#pass(this.#random() * 4 * 3_600_000),
  ];

  #say(says: Statement['says']): void {
    const source = this.#pick(sources);
    const lifetimeMs = this.#pick([1_000, 60_000, 1_800_000, 14_400_000]);
    const isEndless = says === 'busy' && source === 'leases' && this.#random() < 0.5;
    const key = `${says} ${Math.floor(this.#random() * 3)}`;
    this.#said = this.#said.filter(({ statement }) => statement.source !== source || statement.key !== key);
    this.#said.push({
      statement: {
        ...{ source, key, says, sinceMs: this.#nowMs, what: '' },
        ...(isEndless ? {} : { lifetimeMs }),
        saidAtWallMs: this.#wallMs,
      },
      untilMs: isEndless ? Number.POSITIVE_INFINITY : this.#nowMs + lifetimeMs,
    });
    // An event may be lost: then only the next look that is due finds it.
    if (this.#random() < 0.8) this.#look();
  }

  #takeBack(...words: readonly Statement['says'][]): void {
    this.#said = this.#said.filter(({ statement }) => !words.includes(statement.says) || this.#random() < 0.5);
    if (this.#random() < 0.8) this.#look();
  }

  /** Somebody says that the room is free, whatever is said: where the appliance would refuse it, too. */
  #override(): void {
    const lifetimeMs = this.#pick([60_000, 1_800_000, 14_400_000]);
    const now = this.#said.filter(({ untilMs }) => untilMs > this.#nowMs).map(({ statement }) => statement);
    const setsAside = now.map(({ source, key }) => ({ source, key }));
    this.#memory = { ...this.#memory, override: { sinceMs: this.#nowMs, lifetimeMs, setsAside } };
    const { overrideMaxMs } = this.#rules;
    if (overrideMaxMs === undefined) return;
    const plans = now.filter(({ source }) => ['timetable', 'hl7', 'mpps'].includes(source));
    this.#word = {
      untilMs: this.#nowMs + Math.min(lifetimeMs, overrideMaxMs),
      givenMs: this.#nowMs,
      aside: new Set(plans.map(({ source, key }) => `${source} ${key}`)),
    };
    this.#look();
  }

  /** By the oracle's rule: a plan stays aside, a message only until it is said again. */
  #isAside({ source, key, sinceMs }: Statement): boolean {
    if (!this.#word?.aside.has(`${source} ${key}`)) return false;
    return source === 'timetable' || sinceMs <= this.#word.givenMs;
  }

  /** A new process, perhaps of a new boot: what was busy is on disk, what was free is not. */
  #restart(): void {
    const isReboot = this.#random() < 0.3;
    this.#said = this.#said.filter(({ statement }) => statement.says === 'busy');
    if (isReboot) {
      this.#nowMs = 5_000;
      this.#suspendedMs = 0;
      this.#said = this.#said.map(({ statement }) => {
        const untilMs = this.#nowMs + (statement.lifetimeMs ?? Number.POSITIVE_INFINITY);
        return { statement: { ...statement, sinceMs: this.#nowMs }, untilMs };
      });
    }
    this.#memory = firstMemory;
    this.#word = undefined;
    this.#isBroken = true;
    this.#look();
  }

  /** Time passes, with a look whenever one is due. */
  #pass(ms: number): void {
    const endMs = this.#nowMs + Math.floor(ms);
    for (;;) {
      const nextMs = Math.min(endMs, this.#dueMs());
      this.#wallMs += Math.max(0, nextMs - this.#nowMs);
      this.#nowMs = Math.max(this.#nowMs, nextMs);
      if (this.#nowMs >= endMs) return;
      this.#look();
    }
  }

  /** As the watch does it: the next end of a statement, the end of the cool-down, or the longest wait. */
  #dueMs(): number {
    const { state, freeSinceMs, dueMs } = this.#memory;
    const words = this.#word ? [...this.#said, this.#word] : this.#said;
    const ends = words.map(({ untilMs }) => untilMs).filter((untilMs) => untilMs > this.#nowMs);
    const cooled = state === 'settling' && freeSinceMs !== undefined ? [freeSinceMs + this.#rules.coolDownMs] : [];
    return Math.max(this.#nowMs + 1, Math.min(dueMs, ...ends, ...cooled));
  }

  #look(): void {
    const reading = {
      ...{ nowMs: this.#nowMs, wallMs: this.#wallMs, suspendedMs: this.#suspendedMs },
      statements: this.#said.map(({ statement }) => statement),
    };
    const before = this.#memory.state;
    this.#memory = this.#detect(this.#memory, reading, this.#rules);
    if (this.#memory.state === 'settling') this.#memory = this.#detect(this.#memory, reading, this.#rules);
    this.#memory = { ...this.#memory, dueMs: this.#nowMs + longestWaitMs };
    this.looks++;
    this.#judge(before);
  }

  #judge(before: Memory['state']): void {
    const isNow = ({ untilMs }: { readonly untilMs: number }) => untilMs > this.#nowMs;
    const leases = this.#said.filter(({ statement }) => statement.source === 'leases');
    const noLease = leases.length > 0 && leases.every((one) => isNow(one) && one.statement.says === 'free');
    if (this.#word && !(isNow(this.#word) && noLease)) this.#word = undefined;
    const speaks = (one: Said) => isNow(one) && ['busy', 'maybe'].includes(one.statement.says);
    const against = this.#said.filter((one) => speaks(one) && !this.#isAside(one.statement));
    if (against.length > 0) this.#word = undefined;
    const said = this.#said.some((one) => {
      const { says, source } = one.statement;
      return isNow(one) && says === 'free' && this.#rules.authorities.some((name) => name === source);
    });
    const free = said || this.#word !== undefined;
    if (against.length > 0 || !free) this.#calmSinceMs = undefined;
    else if (this.#isBroken || this.#calmSinceMs === undefined) this.#calmSinceMs = this.#nowMs;
    const isAfterBreak = this.#isBroken;
    this.#isBroken = false;
    if (this.#memory.state !== 'idle') return;
    assert.equal(against.length, 0, `${this.#name}: open while somebody says busy`);
    assert.ok(free && this.#calmSinceMs !== undefined, `${this.#name}: open while no authority says free`);
    if (before === 'idle') return;
    this.openings++;
    const calmMs = this.#nowMs - this.#calmSinceMs;
    assert.ok(
      calmMs >= this.#rules.coolDownMs,
      `${this.#name}: opened ${calmMs} ms into the cool-down (${isAfterBreak})`,
    );
  }

  #pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#random() * from.length)] as T;
  }
}
