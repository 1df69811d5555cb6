import type { Ports } from '../engine.ts';
import type { Objects } from '../objects/objects.ts';

/** Where a receiver kills itself: around a call of a port, or inside one of the three long ones. */
export const killPoints = [
  'after channel.events',
  'before catalogue.accept',
  'after catalogue.accept',
  'after channel.trim',
  'after blobs.open',
  'inside objects.put: half written',
  'inside objects.put: proved, not named',
  'after objects.put',
  'inside catalogue.storeBatch: signed, not committed',
  'after catalogue.storeBatch',
  'before channel.invoke',
  'after channel.invoke',
  'after catalogue.markDelivered',
] as const;
export type KillPoint = (typeof killPoints)[number];

/** The same ports, of which one is deadly. */
export function dieAt(ports: Ports, point: KillPoint): Ports {
  const [when, rest = ''] = point.split(' ');
  const [port, method] = rest.replace(':', '').split('.') as [keyof Ports, string];
  if (point.startsWith('inside objects.put')) {
    return { ...ports, objects: intercept(ports.objects, 'put', (put) => deadlyPut(put as Put, point)) };
  }
  if (point.startsWith('inside catalogue.storeBatch')) {
    const deadly = (store: Call) => (event: unknown, batch: unknown, now: unknown, sign: unknown) =>
      store(event, batch, now, async (draft: unknown) => {
        await (sign as Call)(draft);
        die();
      });
    return { ...ports, catalogue: intercept(ports.catalogue, 'storeBatch', deadly as never) };
  }
  const deadly =
    (call: Call): Call =>
    async (...values) => {
      if (when === 'before') die();
      const result = await call(...values);
      if (!isEmptyPage(result)) die();
      return result;
    };
  return { ...ports, [port]: intercept(ports[port], method, deadly) };
}

type Call = (...values: unknown[]) => Promise<unknown>;
type Put = Objects['put'];

function die(): never {
  process.kill(process.pid, 'SIGKILL');
  throw new Error('not reached');
}

/** A poll that found nothing is no step. */
function isEmptyPage(result: unknown): boolean {
  return typeof result === 'object' && result !== null && 'events' in result && (result.events as []).length === 0;
}

function deadlyPut(put: Put, point: KillPoint): Put {
  if (point.endsWith('half written')) {
    return (order, content) => put(order, cutShort(content));
  }
  const proveAndDie = async (prove: () => Promise<void>) => {
    await prove();
    die();
  };
  return (order, content) => put({ ...order, prove: (path) => proveAndDie(() => order.prove(path)) }, content);
}

async function* cutShort(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of content) {
    yield piece.subarray(0, piece.length / 2);
    die();
  }
}

function intercept<T extends object>(port: T, method: string, wrap: (call: never) => unknown): T {
  return new Proxy(port, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      const call = value.bind(target) as never;
      return name === method ? wrap(call) : call;
    },
  });
}
