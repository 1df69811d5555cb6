import { Agent } from 'node:https';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { AnonymousCredential, BlockBlobClient, newPipeline } from '@azure/storage-blob';
import storage from '@azure/storage-blob/package.json' with { type: 'json' };
import { HubCourier } from '../test/harness/hub-courier.ts';
import { until } from '../test/harness/until.ts';
import { type Figure, figureOf } from './figure.ts';

const mib = 1024 * 1024;
const bytes = 128 * mib;
const parallelBlocks = 2;

/**
 * MB per second from a sealed archive to its verified receipt (proof of the file, digest of each block, ledger, batch
 * and receipt included), beside the storage library sending the same file to the same endpoint by itself.
 */
export async function deliver(repeats: number): Promise<Figure[]> {
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let at = 0; at < repeats; at++) {
    const cleanUps: (() => unknown)[] = [];
    const scope: Pick<TestContext, 'after'> = { after: (cleanUp) => void cleanUps.push(cleanUp as () => unknown) };
    try {
      const world = await HubCourier.make(scope, { policy: { parallelBlocks } }, { isDirect: true, isApart: true });
      const { courier } = world;
      const { archives } = await courier.seal({ study: bytes });
      const file = join(courier.folder, archives[0]?.file ?? '');
      const runs = [
        async () => void ours.push(await rate(() => delivered(world))),
        async () => void theirs.push(await rate(() => uploadByItself(world, file))),
      ];
      for (const run of at % 2 === 0 ? runs : runs.toReversed()) await run();
    } finally {
      for (const cleanUp of cleanUps.toReversed()) await cleanUp();
    }
  }
  const rival = { name: `@azure/storage-blob ${storage.version} uploadFile`, runs: theirs };
  const notes = `${bytes / mib} MiB, ${parallelBlocks} blocks at a time, at most 8 MiB each; the embedded hub in a process of its own for both`;
  return [figureOf('deliver', 'MB/s', ours, { rival, notes })];
}

async function rate(work: () => Promise<void>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return bytes / 1e3 / (performance.now() - startedMs);
}

async function delivered({ courier }: HubCourier): Promise<void> {
  await courier.start();
  await until(() => courier.delivered.length === 1, 'the delivery', 300_000, 2);
  await courier.courier.stop();
}

async function uploadByItself(world: HubCourier, file: string): Promise<void> {
  const { hostName, containerName, blobName, sasToken } = await world.requestUpload('by-itself.case');
  const agent = new Agent({ keepAlive: true, ca: world.caPem });
  const pipeline = newPipeline(new AnonymousCredential());
  pipeline.factories.push({
    create: (next: { sendRequest: (request: never) => Promise<never> }) => ({
      sendRequest: (request: { agent?: Agent }) => {
        request.agent = agent;
        return next.sendRequest(request as never);
      },
    }),
  } as never);
  const client = new BlockBlobClient(`https://${hostName}/${containerName}/${blobName}${sasToken}`, pipeline);
  await client.uploadFile(file, { blockSize: 8 * mib, concurrency: parallelBlocks });
  agent.destroy();
}
