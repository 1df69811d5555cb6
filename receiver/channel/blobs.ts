import {
  BlobSASPermissions,
  generateBlobSASQueryParameters,
  SASProtocol,
  StorageSharedKeyCredential,
} from '@azure/storage-blob';
import type { Clock } from '../../core/clock.ts';
import { ReceiverError } from '../errors.ts';
import type { BlobSource, OpenBlob } from './channel.ts';
import { asUnavailable, type HttpsClient } from './http.ts';

export interface StorageBlobsDeps {
  readonly clock: Clock;
  readonly http: HttpsClient;
  readonly account: string;
  /** Base64. */
  readonly key: string;
  readonly container: string;
  readonly idleMs: number;
}

const sasLifeMs = 3_600_000;

/** The storage account behind the hub: one blob at a time, by a token that can read that blob and nothing else. */
export class StorageBlobs implements BlobSource {
  readonly #deps: StorageBlobsDeps;

  constructor(deps: StorageBlobsDeps) {
    this.#deps = deps;
  }

  async open(blobName: string, signal: AbortSignal): Promise<OpenBlob> {
    const { account, container, http, idleMs } = this.#deps;
    const path = `/${account}/${container}/${blobName.split('/').map(encodeURIComponent).join('/')}`;
    const response = await http.open({ method: 'GET', path: `${path}?${this.#token(blobName)}`, idleMs, signal });
    if (response.statusCode === 200) {
      const bytes = Number(response.headers['content-length']);
      return { bytes, content: contentOf(response, signal), close: () => response.destroy() };
    }
    response.destroy();
    if (response.statusCode === 404) throw new ReceiverError('BLOB_MISSING', 'the blob is not there (yet)');
    throw new ReceiverError('HUB_PROTOCOL', `the blob endpoint answered ${response.statusCode}`);
  }

  #token(blobName: string): string {
    const { account, clock, container, key } = this.#deps;
    const rights = {
      containerName: container,
      blobName,
      permissions: BlobSASPermissions.parse('r'),
      expiresOn: new Date(clock.now().getTime() + sasLifeMs),
      protocol: SASProtocol.Https,
    };
    return generateBlobSASQueryParameters(rights, new StorageSharedKeyCredential(account, key)).toString();
  }
}

/** Node reports a connection that breaks before `content-length` bytes as an error of the iteration. */
async function* contentOf(response: AsyncIterable<Buffer>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    yield* response;
  } catch (error) {
    throw asUnavailable(error, signal);
  }
}
