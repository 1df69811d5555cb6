import { request } from 'node:https';
import { buffer } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { sha256 } from '../../core/digest.ts';
import type { Credential } from '../../hub/testing/certificates.ts';
import { endApart, startApart } from '../../hub/testing/hub-apart.ts';
import { World } from '../../hub/testing/world.ts';
import type { UploadTicket } from '../../protocol/link.ts';
import { BlobEndpoint } from '../../uploader/blob-endpoint.ts';
import type { CourierDeps } from '../../uploader/index.ts';
import { CourierWorld, device } from '../../uploader/testing/world.ts';
import { Cable } from './cable.ts';

const version = 'api-version=2021-04-12';

/** One try to stage a block. */
export interface Try {
  readonly bytes: number;
  readonly succeeded: boolean;
}

/**
 * A courier whose uploads go to the embedded hub, over real TLS and through a cable. Every try to stage a block is
 * noted; tickets are granted and closed by the hub itself, which allows ten open ones.
 */
export class HubCourier {
  readonly courier: CourierWorld;
  readonly cable: Cable;
  readonly tickets: UploadTicket[] = [];
  readonly tries: Try[] = [];
  readonly #hub: World;
  readonly #credential: Credential;
  readonly #port: number;

  /** CA of the hub's own certificate. */
  get caPem(): string {
    return this.#hub.authority.certPem;
  }

  private constructor(parts: {
    readonly hub: World;
    readonly credential: Credential;
    readonly cable: Cable;
    readonly courier: CourierWorld;
    readonly isDirect: boolean;
  }) {
    this.#hub = parts.hub;
    this.#credential = parts.credential;
    this.cable = parts.cable;
    this.courier = parts.courier;
    this.#port = parts.isDirect ? parts.hub.ports.httpsPort : parts.cable.port;
  }

  /** `isDirect`: blobs go past the cable. `isApart`: the hub has a process of its own. */
  static async make(
    t: Pick<TestContext, 'after'>,
    settings: Partial<CourierDeps> = {},
    { isDirect = false, isApart = false } = {},
  ): Promise<HubCourier> {
    const hub = await World.make();
    const credential = await hub.device(device);
    const child = isApart ? await startApart(hub) : undefined;
    if (!child) await hub.start();
    const cable = await new Cable({ listenPort: 0, targetPort: hub.ports.httpsPort }).start();
    const courier = await CourierWorld.make(t as TestContext, { serverCaPem: hub.authority.certPem, ...settings });
    const world = new HubCourier({ hub, credential, cable, courier, isDirect });
    const unwatch = watchStaging(world.tries);
    t.after(async () => {
      unwatch();
      await courier.courier.stop();
      await cable.stop();
      if (child) await endApart(child);
      await hub.close();
    });
    courier.link.requestUpload = (blobName) => world.requestUpload(blobName);
    const notify = courier.link.finishUpload.bind(courier.link);
    courier.link.finishUpload = async (correlationId, isSuccess) => {
      const path = `/devices/${device}/files/notifications/${correlationId}?${version}`;
      await world.#call(path, { isSuccess, statusCode: 201 });
      await notify(correlationId, isSuccess);
    };
    return world;
  }

  /** SHA-256 of a committed blob as the hub gives it out. */
  async digestOf(blobName: string): Promise<string> {
    const ticket = this.tickets.find((one) => one.blobName === blobName);
    if (!ticket) throw new Error('no ticket was asked for that blob');
    return sha256(await this.#call(`/${ticket.containerName}/${ticket.blobName}${ticket.sasToken}`));
  }

  /** Asks the hub for a right to write, as the courier's link does. */
  async requestUpload(blobName: string): Promise<UploadTicket> {
    const answer = await this.#call(`/devices/${device}/files?${version}`, { blobName });
    const ticket = { ...(JSON.parse(answer.toString()) as UploadTicket), hostName: `localhost:${this.#port}` };
    this.tickets.push(ticket);
    this.courier.link.open.add(ticket.correlationId);
    return ticket;
  }

  /** A device's own request to the hub, past the cable; answers with the body. */
  #call(path: string, body?: unknown): Promise<Buffer> {
    const { certPem, keyPem } = this.#credential;
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    const sent = request(
      {
        ...{ host: '127.0.0.1', port: this.#hub.ports.httpsPort, servername: 'localhost', path, agent: false },
        ...{ method: body === undefined ? 'GET' : 'POST', headers: { 'content-type': 'application/json' } },
        ...{ ca: this.#hub.authority.certPem, cert: certPem, key: keyPem },
      },
      async (response) => {
        const content = await buffer(response);
        if ((response.statusCode ?? 500) < 300) resolve(content);
        else reject(new Error(`the hub answered ${response.statusCode}`));
      },
    );
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
    return promise;
  }
}

/** Notes how every try to stage a block ended, of all endpoints of this process; returns how to stop. */
function watchStaging(tries: Try[]): () => void {
  const { stage } = BlobEndpoint.prototype;
  BlobEndpoint.prototype.stage = async function (blockId, block) {
    try {
      await stage.call(this, blockId, block);
      tries.push({ bytes: block.length, succeeded: true });
    } catch (error) {
      tries.push({ bytes: block.length, succeeded: false });
      throw error;
    }
  };
  return () => {
    BlobEndpoint.prototype.stage = stage;
  };
}
