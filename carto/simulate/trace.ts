import type { Random } from './random.ts';

/** What the catheter and the generator record during one application. Times are on the study's millisecond clock. */
export interface Trace {
  readonly force: readonly ForceSample[];
  readonly ablation: readonly AblationSample[];
}

/** Every 50 ms. Force in g, may be negative; angles in radians. */
export interface ForceSample {
  readonly atMs: number;
  readonly forceG: number;
  readonly axialRad: number;
  readonly lateralRad: number;
}

/** Every 100 ms, on the recorder's own quantisation steps. */
export interface AblationSample {
  readonly atMs: number;
  readonly impedanceOhm: number;
  readonly powerW: number;
  readonly temperatureC: number;
}

/** How one application is going to run. */
export interface Setting {
  readonly powerW: number;
  readonly forceG: number;
  /** -1 when the force sensor reads negative against this wall. */
  readonly sign: 1 | -1;
  readonly impedanceOhm: number;
  readonly dropOhm: number;
  readonly peakC: number;
}

const frameOffsets = { ablationMs: 8, forceMs: 20 } as const;

/** Steps through an application 100 ms at a time: one generator sample, then two force samples. */
export class TraceRecorder {
  readonly force: ForceSample[] = [];
  readonly ablation: AblationSample[] = [];
  readonly #startMs: number;
  readonly #setting: Setting;
  readonly #random: Random;
  readonly #phase: number;
  #drift = 0;
  #restedAt = 0;

  constructor(startMs: number, setting: Setting, random: Random) {
    this.#startMs = startMs;
    this.#setting = setting;
    this.#random = random;
    this.#phase = random.between(0, 2 * Math.PI);
  }

  /** The tip comes to rest on fresh tissue: its impedance starts to fall anew. */
  rest(): void {
    this.#restedAt = this.ablation.length;
  }

  step(): { readonly ablation: AblationSample; readonly force: readonly ForceSample[] } {
    const ablation = this.#generator(this.ablation.length);
    this.ablation.push(ablation);
    const force = [this.#touch(this.force.length), this.#touch(this.force.length + 1)];
    this.force.push(...force);
    return { ablation, force };
  }

  #generator(n: number): AblationSample {
    const { powerW, impedanceOhm, dropOhm, peakC } = this.#setting;
    const seconds = n / 10;
    const rise = (tau: number) => 1 - Math.exp(-seconds / tau);
    const breath = Math.sin(1.57 * seconds + this.#phase);
    const fall = dropOhm * (1 - Math.exp((this.#restedAt - n) / 60));
    return {
      atMs: this.#startMs + frameOffsets.ablationMs + n * 100 + this.#random.integer(0, 2),
      impedanceOhm: quantise(impedanceOhm - fall + 0.6 * breath + 0.25 * this.#random.normal(), 0.25),
      powerW: quantise(Math.max(0, 0.6 + (powerW - 0.6) * rise(0.7) + 0.2 * this.#random.normal()), 0.125),
      temperatureC: quantise(29 + (peakC - 29) * rise(4) + 0.25 * breath + 0.1 * this.#random.normal(), 0.125),
    };
  }

  #touch(n: number): ForceSample {
    const seconds = n / 20;
    this.#drift = 0.97 * this.#drift + 0.03 * this.#random.normal();
    const breath = 0.25 * Math.sin(1.57 * seconds + this.#phase);
    const beat = 0.28 * Math.sin(7.4 * seconds + 2 * this.#phase);
    const share = Math.max(0.05, 1 + breath + beat + 0.8 * this.#drift + 0.06 * this.#random.normal());
    return {
      atMs: this.#startMs + frameOffsets.forceMs + n * 50,
      forceG: quantise(this.#setting.sign * this.#setting.forceG * share, 0.001),
      axialRad: quantise(-1.1 + breath + 0.03 * this.#random.normal(), 0.001),
      lateralRad: quantise(1.3 - 0.5 * beat + 0.05 * this.#random.normal(), 0.001),
    };
  }
}

/** Rounds to a multiple of `step`, without the tail of binary fractions. */
function quantise(value: number, step: number): number {
  return Number((Math.round(value / step) * step).toFixed(3));
}
