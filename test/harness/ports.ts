import { createServer, type Server } from 'node:net';

/** Below the ports that the kernel gives to outgoing connections, which may take a free one at any moment. */
const lowest = 20_000;
const highest = 32_000;

/** The first of `count` consecutive ports that are free on the loopback interface now. */
export async function freePortBase(count = 3): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const base = lowest + Math.floor(Math.random() * (highest - lowest));
    const servers = await Promise.all(Array.from({ length: count }, (_, offset) => tryListen(base + offset)));
    await Promise.all(servers.map((server) => server && new Promise((resolve) => server.close(resolve))));
    if (servers.every((server) => server !== undefined)) return base;
  }
  throw new Error('no consecutive free ports were found');
}

function tryListen(port: number): Promise<Server | undefined> {
  const { promise, resolve } = Promise.withResolvers<Server | undefined>();
  const server = createServer();
  server.once('error', () => resolve(undefined));
  server.listen(port, '127.0.0.1', () => resolve(server));
  return promise;
}
