import { randomUUID } from 'node:crypto';
import { GatewayError } from '../../core/errors.ts';
import type { CloudLink, DeviceEvent, UploadTicket } from '../../protocol/link.ts';

/** The hub's side of a link, in this process: ten open uploads, events, and what a test wants to go wrong. */
export class TestLink implements CloudLink {
  readonly events: DeviceEvent[] = [];
  readonly closed: { readonly correlationId: string; readonly succeeded: boolean }[] = [];
  readonly open = new Set<string>();
  ticketLifeMs = 3_600_000;
  mostOpen = 0;
  /** Thrown by the next calls of that name, one after the other. */
  readonly failures: { readonly call: keyof CloudLink; readonly code: string }[] = [];
  /** Called with each event, after it was taken. */
  onEvent: (event: DeviceEvent) => void = () => {};
  readonly #hostName: () => string;
  #state: CloudLink['state'] = 'online';
  #online = Promise.withResolvers<void>();

  constructor(hostName: () => string) {
    this.#hostName = hostName;
  }

  get state(): CloudLink['state'] {
    return this.#state;
  }

  set state(state: CloudLink['state']) {
    this.#state = state;
    if (state === 'online') this.#online.resolve();
    else this.#online = Promise.withResolvers<void>();
  }

  async whenOnline(signal?: AbortSignal): Promise<void> {
    const { promise, reject } = Promise.withResolvers<never>();
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
    if (this.#state !== 'online') await Promise.race([this.#online.promise, promise]);
  }

  async requestUpload(blobName: string): Promise<UploadTicket> {
    this.#failAsTold('requestUpload');
    if (this.open.size >= 10) throw new GatewayError('REFUSED', 'ten uploads are open');
    const correlationId = randomUUID();
    this.open.add(correlationId);
    this.mostOpen = Math.max(this.mostOpen, this.open.size);
    const se = new Date(Date.now() + this.ticketLifeMs).toISOString();
    const sasToken = `?sv=2021-12-02&sp=rcw&se=${encodeURIComponent(se)}&sig=${correlationId}`;
    return {
      correlationId,
      hostName: this.#hostName(),
      containerName: 'uploads',
      blobName: `site-1/${blobName}`,
      sasToken,
    };
  }

  async finishUpload(correlationId: string, succeeded: boolean): Promise<void> {
    this.#failAsTold('finishUpload');
    if (!this.open.delete(correlationId)) throw new GatewayError('REFUSED', 'no such upload');
    this.closed.push({ correlationId, succeeded });
  }

  async sendEvent(event: DeviceEvent): Promise<void> {
    this.#failAsTold('sendEvent');
    this.events.push(event);
    queueMicrotask(() => this.onEvent(event));
  }

  #failAsTold(call: keyof CloudLink): void {
    const at = this.failures.findIndex((failure) => failure.call === call);
    const [failure] = at < 0 ? [] : this.failures.splice(at, 1);
    if (failure) throw new GatewayError(failure.code, 'as the test wants');
  }
}
