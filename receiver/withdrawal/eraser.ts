import type { Clock } from '../../core/clock.ts';
import { describe, type Log } from '../../core/log.ts';
import { backoff } from '../../core/retry.ts';
import { Bell } from '../bell.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Erasure } from '../catalogue/withdrawals.ts';
import type { Objects } from '../objects/objects.ts';
import { certificateOf, type SignCertificate } from './certificate.ts';

export interface EraserDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly catalogue: Catalogue;
  readonly objects: Objects;
  readonly sign: SignCertificate;
  readonly retryFirstMs: number;
  readonly retryCeilingMs: number;
  /** The device has a certificate to hear. */
  readonly onCertified: (deviceId: string) => void;
}

const longestMs = 3_600_000;

/**
 * Does what orders of deletion ask for: removes the objects, empties the catalogue's log, and only then signs that they are gone. The order stands in
 * the catalogue until its certificate does, so a kill anywhere is made good.
 */
export class Eraser {
  readonly #deps: EraserDeps;
  readonly #bell = new Bell();

  constructor(deps: EraserDeps) {
    this.#deps = deps;
  }

  /** An order may have come. */
  wake(): void {
    this.#bell.ring();
  }

  /** Runs until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { catalogue, clock, log, retryFirstMs, retryCeilingMs } = this.#deps;
    const delay = backoff(retryFirstMs, retryCeilingMs);
    for (let failures = 0; !signal.aborted; ) {
      try {
        for (const erasure of await catalogue.openErasures()) await this.#erase(erasure);
        await catalogue.forgetErased();
        failures = 0;
      } catch (error) {
        failures++;
        log.error({ error: describe(error) }, 'an order of deletion could not be carried out');
      }
      await this.#bell.wait(failures === 0 ? longestMs : delay(failures), clock, signal);
    }
  }

  async #erase(erasure: Erasure): Promise<void> {
    const { catalogue, clock, log, objects, sign, onCertified } = this.#deps;
    for (const { sha256 } of erasure.marked) {
      if (!(await catalogue.isObjectNeeded(sha256))) await objects.remove(sha256);
    }
    await catalogue.forgetErased();
    await catalogue.certifyErasure(erasure, await sign(certificateOf(erasure, clock.now()), erasure.findings));
    const { deviceId, order, marked, findings } = erasure;
    log.info({ deviceId, caseId: order.caseId, archives: marked.length, findings }, 'case erased by order');
    onCertified(deviceId);
  }
}
