import { CompactSign, importJWK } from 'jose';
import { sha256 } from '../../core/digest.ts';
import { generateEcKeyPair } from '../../core/envelope.ts';
import type { PublicKey } from '../../protocol/bundle.ts';
import type { Receipt, ReceiptItems } from '../../protocol/receipt.ts';
import type { ArchiveRecord } from '../ledger-records.ts';

/** The other side's hand: signs receipts with a real key, and keeps the chain. */
export class ReceiptSigner {
  readonly kid: string;
  readonly #pair = generateEcKeyPair();
  /** Digest of the last receipt of the chain. */
  previous: string | null = null;

  constructor(kid = 'receipts-1') {
    this.kid = kid;
  }

  get publicKey(): PublicKey {
    return { ...(this.#pair.publicKey as Omit<PublicKey, 'kid'>), kid: this.kid };
  }

  /** The receipt for a batch that continues the chain. */
  receipt(
    batch: string,
    device: string,
    archives: readonly Pick<ArchiveRecord, 'archiveId' | 'sha256' | 'bytes'>[],
    items?: ReceiptItems,
  ) {
    return {
      v: 1,
      batch,
      device,
      archives: archives.map(({ archiveId, sha256: digest, bytes }) => ({ archiveId, sha256: digest, bytes })),
      ...(items ? { items } : {}),
      bytes: archives.reduce((sum, { bytes }) => sum + bytes, 0),
      previous: this.previous,
      storedAt: '2030-01-01T00:00:00.000Z',
      durability: 'fsync',
    } satisfies Receipt;
  }

  async sign(payload: unknown, kid = this.kid): Promise<string> {
    const key = await importJWK(this.#pair.privateKey, 'ES256');
    return new CompactSign(Buffer.from(JSON.stringify(payload))).setProtectedHeader({ alg: 'ES256', kid }).sign(key);
  }

  /** Signs, and makes this receipt the end of the chain. */
  async issue(payload: Receipt): Promise<string> {
    const jws = await this.sign(payload);
    this.previous = sha256(jws);
    return jws;
  }
}
