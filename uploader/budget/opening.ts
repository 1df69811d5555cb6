import type { Clock } from '../../core/clock.ts';
import { isInWindows, minutesUntilOpen, type WeekDay, type WeekWindow, weekDays } from '../../protocol/week-window.ts';

const minuteMs = 60_000;
/** Every zone changes its offset on a quarter of an hour: who looks again at each never misses a change. */
const quarterMs = 15 * minuteMs;

/** Times at which archives may leave, by the wall clock of the site's zone. */
export class OpeningTimes {
  readonly #clock: Clock;
  readonly #windows: readonly WeekWindow[];
  readonly #local: Intl.DateTimeFormat;

  /** `zone`: an IANA name. */
  constructor(clock: Clock, windows: readonly WeekWindow[], zone: string) {
    this.#clock = clock;
    this.#windows = windows;
    const parts = { weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
    this.#local = new Intl.DateTimeFormat('en-US', { timeZone: zone, ...parts });
  }

  get isOpen(): boolean {
    return isInWindows(this.#windows, this.#minute(this.#clock.now()));
  }

  /**
   * How long to wait before asking again, in milliseconds; 0 while a window is open. Never past the next quarter of an
   * hour, so that neither a change to summer time nor a clock that was set makes an opening late.
   */
  waitMs(): number {
    const now = this.#clock.now();
    const minutes = minutesUntilOpen(this.#windows, this.#minute(now));
    if (minutes === 0) return 0;
    const toQuarterMs = quarterMs - (now.getTime() % quarterMs);
    if (minutes === undefined) return toQuarterMs;
    return Math.min(toQuarterMs, minutes * minuteMs - (now.getTime() % minuteMs));
  }

  /** Minute of the local week, from Monday 00:00. */
  #minute(at: Date): number {
    const parts = this.#local.formatToParts(at);
    const part = (type: Intl.DateTimeFormatPartTypes) => parts.find((one) => one.type === type)?.value ?? '';
    const day = weekDays.indexOf(part('weekday').toLowerCase() as WeekDay);
    return (day * 24 + Number(part('hour'))) * 60 + Number(part('minute'));
  }
}
