import type { BlockBlobClient, RequestPolicy, RequestPolicyFactory, WebResource } from '@azure/storage-blob';
import type { Clock } from '../core/clock.ts';
import type { UploadTicket } from '../protocol/link.ts';
import { blobFault } from './blob-fault.ts';
import type { ByteBudget } from './budget/byte-budget.ts';
import { CuttableAgent } from './cuttable-agent.ts';
import type { WayBack } from './way-back.ts';

export interface EndpointDeps {
  readonly clock: Clock;
  /** CA certificates the endpoint is checked against; Node's own when undefined. */
  readonly caPem: string | undefined;
  readonly way: WayBack;
  readonly stallMs: number;
  /** The ceiling under which blocks are sent; none when undefined. */
  readonly budget?: ByteBudget | undefined;
}

/**
 * One blob at the blob endpoint, as a ticket allows it to be written, over connections that `cut` resets. Nothing is
 * repeated here: every failure is thrown as an UploadError, and the caller decides.
 */
export class BlobEndpoint {
  readonly #client: BlockBlobClient;
  readonly #connections: CuttableAgent;
  readonly #clock: Clock;
  readonly #budget: ByteBudget | undefined;

  private constructor(client: BlockBlobClient, connections: CuttableAgent, deps: EndpointDeps) {
    this.#client = client;
    this.#connections = connections;
    this.#clock = deps.clock;
    this.#budget = deps.budget;
  }

  /** The SDK is loaded on first use, so that an idle appliance stays small. */
  static async open(ticket: UploadTicket, deps: EndpointDeps): Promise<BlobEndpoint> {
    const { caPem, stallMs, way } = deps;
    const { AnonymousCredential, BlockBlobClient: Client, newPipeline } = await import('@azure/storage-blob');
    const connections = new CuttableAgent({ hostName: ticket.hostName, caPem, way, stallMs });
    const pipeline = newPipeline(new AnonymousCredential(), { retryOptions: { maxTries: 1 } });
    pipeline.factories.push(through(connections));
    return new BlobEndpoint(new Client(urlOf(ticket), pipeline), connections, deps);
  }

  /** Resets whatever is in flight, and lets nothing new begin until `resume`. All of it fails. */
  cut(): void {
    this.#connections.cut();
  }

  resume(): void {
    this.#connections.resume();
  }

  close(): void {
    this.#connections.close();
  }

  async stage(blockId: string, block: Buffer): Promise<void> {
    const stream = this.#budget?.metered(block);
    try {
      await this.#call(() => this.#client.stageBlock(blockId, stream ? () => stream : block, block.length));
    } finally {
      stream?.destroy();
    }
  }

  /** Ids and sizes of the blocks that wait for a commit; empty also when there is no such blob. */
  async uncommitted(): Promise<ReadonlyMap<string, number>> {
    try {
      const { uncommittedBlocks = [] } = await this.#client.getBlockList('uncommitted');
      return new Map(uncommittedBlocks.map(({ name, size }) => [name, size]));
    } catch (error) {
      if (isNotFound(error)) return new Map();
      throw blobFault(error, this.#clock.now());
    }
  }

  /** Makes the blob of these blocks, marked with the digest of the whole. */
  async commit(blockIds: readonly string[], sha256: string): Promise<void> {
    await this.#call(() => this.#client.commitBlockList([...blockIds], { metadata: { sha256 } }));
  }

  /** True when the committed blob has exactly this length and this mark. */
  async holds(sha256: string, bytes: number): Promise<boolean> {
    try {
      const { contentLength, metadata } = await this.#client.getProperties();
      return contentLength === bytes && metadata?.sha256 === sha256;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw blobFault(error, this.#clock.now());
    }
  }

  async #call(request: () => Promise<unknown>): Promise<void> {
    try {
      await request();
    } catch (error) {
      throw blobFault(error, this.#clock.now());
    }
  }
}

function isNotFound(error: unknown): boolean {
  return (error as { statusCode?: number }).statusCode === 404;
}

function urlOf({ hostName, containerName, blobName, sasToken }: UploadTicket): string {
  const path = [containerName, blobName].flatMap((part) => part.split('/')).map(encodeURIComponent);
  return `https://${hostName}/${path.join('/')}${sasToken}`;
}

/** A pipeline step that sends each request through our own connections. */
function through({ agent }: CuttableAgent): RequestPolicyFactory {
  return {
    create: (next: RequestPolicy) => ({
      sendRequest: (request: WebResource) => {
        request.agent = agent;
        return next.sendRequest(request);
      },
    }),
  };
}
