import { sha256 } from '../core/digest.ts';
import { codeOf } from '../core/errors.ts';
import { describe, type Log } from '../core/log.ts';
import type { PublicKey } from '../protocol/bundle.ts';
import { type Acknowledgement, acknowledgementSchema, receiptSchema } from '../protocol/receipt.ts';
import { certificateSchema } from '../protocol/withdrawal.ts';
import type { Ledger } from './ledger.ts';
import { certifies } from './orders/certificate.ts';
import type { RefusalCode } from './receipt-check.ts';
import { verifySigned } from './signed-word.ts';

/** Answer to the direct method `acknowledge`. */
export interface MethodAnswer {
  readonly status: number;
  readonly payload: unknown;
}

export interface AcknowledgementDeps {
  readonly ledger: Ledger;
  readonly log: Log;
  /** Id of this device, as receipts name it. */
  readonly device: string;
  /** Keys whose signature on a receipt is believed. */
  readonly receiptKeys: readonly PublicKey[];
  /** A receipt was taken; these cases are now delivered. */
  readonly onAccepted: (batchId: string, delivered: readonly string[]) => void;
  /** A receipt was right but for the one before it, which has not come. */
  readonly onEarly: (batchId: string) => void;
  /** The receiver refused a batch for good; its archives are sent again, or its cases are held. */
  readonly onRefused: (batchId: string) => void;
  /** The receiver certified that a withdrawn case is erased there. */
  readonly onCertified?: ((caseId: string) => void) | undefined;
}

/**
 * Takes receipts: verifies, compares with the ledger, and only then lets it say that bytes are safe elsewhere.
 * Whatever is not believed is recorded with its code and changes nothing else. The same receipt again is fine.
 */
export class Acknowledgements {
  readonly #deps: AcknowledgementDeps;

  constructor(deps: AcknowledgementDeps) {
    this.#deps = deps;
  }

  /** Handler of the method. Status 200: taken; 400, 401, 404, 409: not believed; 429: the ledger could not store it. */
  async accept(payload: unknown): Promise<MethodAnswer> {
    try {
      const { data: acknowledgement } = acknowledgementSchema.safeParse(payload);
      if (!acknowledgement) return await this.#disbelieve('MALFORMED', undefined, payload);
      return await this.#take(acknowledgement);
    } catch (error) {
      this.#deps.log.error({ error: describe(error) }, 'acknowledgement not stored');
      return { status: 429, payload: { code: codeOf(error) ?? 'LEDGER_FAILED' } };
    }
  }

  async #take(acknowledgement: Acknowledgement): Promise<MethodAnswer> {
    if ('refused' in acknowledgement) return this.#refuse(acknowledgement);
    if ('certificate' in acknowledgement) return this.#certify(acknowledgement);
    const { ledger, log, device, receiptKeys, onAccepted, onEarly } = this.#deps;
    const { receipt: jws } = acknowledgement;
    const verdict = await verifySigned(jws, receiptKeys, receiptSchema);
    if ('refused' in verdict) return this.#disbelieve(verdict.refused, undefined, acknowledgement);
    const { said: receipt } = verdict;
    const { batch } = receipt;
    const outcome = await ledger.acceptReceipt(device, { receipt, jws, sha256: sha256(jws) });
    switch (outcome.kind) {
      case 'accepted':
        log.info({ batchId: batch, delivered: outcome.delivered.length }, 'receipt accepted');
        onAccepted(batch, outcome.delivered);
        return { status: 200, payload: { batch, status: 'accepted' } };
      case 'repeated':
        return { status: 200, payload: { batch, status: 'repeated' } };
      case 'refused':
        log.warn({ batchId: batch, code: outcome.code }, 'receipt not believed');
        if (outcome.code === 'PREVIOUS_MISMATCH') onEarly(batch);
        return { status: statusOf(outcome.code), payload: { batch, code: outcome.code } };
    }
  }

  async #refuse(acknowledgement: Extract<Acknowledgement, { readonly refused: unknown }>): Promise<MethodAnswer> {
    const { ledger, log, onRefused } = this.#deps;
    const { batch, code } = acknowledgement.refused;
    // The receiver's words reach the terminal: only what looks like a code is passed on.
    const reason = /^[A-Za-z0-9_-]+$/.test(code) ? code : 'unspecified';
    const remedy =
      reason === 'BASE_MISSING'
        ? 'It lacks what this archive stands on: export the study again, it is then sent whole.'
        : 'Ask the cloud team for that batch; nothing was released.';
    const hint = `The receiver refused batch ${batch} (${reason}). ${remedy}`;
    try {
      const plan = await ledger.refuseBatch({ batchId: batch, code: reason, hint });
      if (plan) log.warn({ batchId: batch, code: reason, plan }, 'batch refused by the receiver');
    } catch (error) {
      if (codeOf(error) === 'NO_SUCH_ROW') return this.#disbelieve('BATCH_UNKNOWN', batch, acknowledgement);
      if (codeOf(error) === 'ILLEGAL_MOVE') return this.#disbelieve('BATCH_CLOSED', batch, acknowledgement);
      throw error;
    }
    onRefused(batch);
    return { status: 200, payload: { batch, status: 'refused' } };
  }

  /** A certificate of deletion is believed as a receipt is: signature first, then that it answers what was ordered. */
  async #certify(acknowledgement: Extract<Acknowledgement, { readonly certificate: unknown }>): Promise<MethodAnswer> {
    const { ledger, log, device, receiptKeys, onCertified } = this.#deps;
    const { certificate: jws } = acknowledgement;
    const verdict = await verifySigned(jws, receiptKeys, certificateSchema);
    if ('refused' in verdict) return this.#disbelieve(verdict.refused, undefined, acknowledgement);
    const { said: answer } = verdict;
    const { caseId } = answer;
    const order = ledger.read.deletionOrderOf(caseId);
    if (order === undefined) return this.#disbelieve('NOT_ORDERED', undefined, acknowledgement);
    if (!certifies(answer, order, device)) {
      return this.#disbelieve('ORDER_MISMATCH', undefined, acknowledgement);
    }
    await ledger.certify({ caseId, certificate: jws });
    log.info({ caseId }, 'deletion certified');
    onCertified?.(caseId);
    return { status: 200, payload: { case: caseId, status: 'accepted' } };
  }

  async #disbelieve(code: RefusalCode, batchId: string | undefined, payload: unknown): Promise<MethodAnswer> {
    const { ledger, log } = this.#deps;
    log.warn({ code, batchId }, 'acknowledgement not believed');
    await ledger.recordRefusal(code, batchId, sha256(JSON.stringify(payload) ?? ''));
    return { status: statusOf(code), payload: { code } };
  }
}

function statusOf(code: RefusalCode): number {
  if (code === 'MALFORMED') return 400;
  if (code === 'UNKNOWN_KEY' || code === 'BAD_SIGNATURE') return 401;
  return code === 'BATCH_UNKNOWN' ? 404 : 409;
}
