import type { AuditHead } from '../../../protocol/audit.ts';
import type { DeviceEvent } from '../../../protocol/link.ts';
import type { Courier } from '../../../uploader/index.ts';
import { serverIdentity } from '../../../uploader/testing/authority.ts';
import { BlobServer } from '../../../uploader/testing/blob-server.ts';
import { TestLink } from '../../../uploader/testing/link.ts';
import { ReceiptSigner } from '../../../uploader/testing/receiver.ts';
import { manifestFrom } from '../../../uploader/testing/world.ts';

/** The appliance that it serves. */
export const device = 'appliance-1';

/** The other side, small and in this process: it stores blobs and signs receipts, the same for the same batch. */
export class SmallCloud {
  readonly server: BlobServer;
  readonly caPem: string;
  readonly link: TestLink;
  signer = new ReceiptSigner();
  readonly #receipts = new Map<string, Promise<string>>();
  #last: Promise<string> = Promise.resolve('');

  private constructor(server: BlobServer, caPem: string) {
    this.server = server;
    this.caPem = caPem;
    this.link = new TestLink(() => server.host);
  }

  static async start(): Promise<SmallCloud> {
    const identity = await serverIdentity();
    return new SmallCloud(await new BlobServer(identity).listen(), identity.caPem);
  }

  /** From now on it answers this courier. */
  serve(courier: Courier): void {
    this.link.onEvent = async (event) => {
      const receipt = this.#receipts.get(event.messageId) ?? this.#issue(event);
      this.#receipts.set(event.messageId, receipt);
      await courier.acceptAcknowledgement({ receipt: await receipt });
    };
  }

  /** One after the other, as links of one chain. */
  #issue(event: DeviceEvent): Promise<string> {
    const { batch, archives, items } = manifestFrom(event);
    const named = items && { count: items.count, sha256: items.sha256 };
    this.#last = this.#last.then(() => this.signer.issue(this.signer.receipt(batch, device, archives, named)));
    return this.#last;
  }

  /** Remembers where its chain is; what comes back takes it back there. */
  remember(): () => void {
    const { previous } = this.signer;
    const receipts = [...this.#receipts];
    return () => {
      this.signer.previous = previous;
      this.#receipts.clear();
      for (const [batch, receipt] of receipts) this.#receipts.set(batch, receipt);
    };
  }

  /** How far the audit log went by the word of the batches that came. */
  get heads(): readonly AuditHead[] {
    return this.link.events.flatMap((event) => manifestFrom(event).audit ?? []);
  }

  /** Another receiver, which knows nothing of this device. */
  forget(): void {
    this.signer = new ReceiptSigner();
    this.#receipts.clear();
    this.link.open.clear();
    this.link.events.length = 0;
  }

  close(): Promise<void> {
    return this.server.close();
  }
}
