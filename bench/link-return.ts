import { setTimeout as after } from 'node:timers/promises';
import { Network } from '../test/harness/network.ts';
import { Site } from '../test/harness/site.ts';
import { until } from '../test/harness/until.ts';
import { type Figure, figureOf } from './figure.ts';

/** How long the link is away before it returns. */
const awayMs = 4_000;

/** More than two handshakes and the headers of two requests: a block's own bytes are on their way. */
const blockOnItsWay = 16 * 1024;

/** What the appliance has sent that came through: bytes in all, and of them those that went to the blob endpoint. */
interface Passed {
  readonly all: number;
  readonly https: number;
}

/** One way in which a link can be away, and what tells how it returned. */
interface Outage {
  readonly what: string;
  readonly away: () => unknown;
  readonly back: () => unknown;
}

/**
 * In the middle of an upload the link goes away for some seconds. Milliseconds from its return until the first byte of
 * the appliance comes through, and until bytes of the upload do, less the round trip. The whole product, through proxies
 * on the loopback interface, with and without a delay; and, where that may be, between two network namespaces.
 */
export async function linkReturn(repeats: number): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const rttMs of [0, 50]) figures.push(...(await throughCables(rttMs, repeats)));
  if (Network.missing === undefined) figures.push(...(await betweenNamespaces(repeats)));
  return figures;
}

async function throughCables(rttMs: number, repeats: number): Promise<Figure[]> {
  const site = await Site.create({ delay: { ms: rttMs / 2, jitterMs: 0 } });
  const { cables } = site;
  const passed = () => {
    return { all: cables.reduce((sum, { clientBytes }) => sum + clientBytes, 0), https: cables[1]?.clientBytes ?? 0 };
  };
  const plug = () => cables.forEach((cable) => void cable.plug());
  const outages: readonly Outage[] = [
    { what: 'connections reset, new ones too', away: () => cables.forEach((cable) => void cable.pull()), back: plug },
    {
      what: 'connections refused',
      away: () => Promise.all(cables.map((cable) => cable.sink())),
      back: () => Promise.all(cables.map((cable) => cable.rise())),
    },
    { what: 'bytes swallowed', away: () => cables.forEach((cable) => void cable.swallow()), back: plug },
  ];
  return measured(site, { outages, passed, rttMs, repeats });
}

async function betweenNamespaces(repeats: number): Promise<Figure[]> {
  const network = new Network().start();
  try {
    const site = await Site.create({ network });
    const { https, mqtt } = site.ports;
    network.count('to_https', [https]);
    network.count('to_any', [https, mqtt]);
    const passed = () => ({ all: network.counted('to_any'), https: network.counted('to_https') });
    const outages = (['black-hole', 'link-down'] as const).map((fault) => {
      return { what: `${fault}, kernel`, away: () => network.break(fault), back: () => network.heal(fault) };
    });
    return await measured(site, { outages, passed, rttMs: 0, repeats });
  } finally {
    network.stop();
  }
}

async function measured(
  site: Site,
  {
    outages,
    passed,
    rttMs,
    repeats,
  }: { outages: readonly Outage[]; passed: () => Passed; rttMs: number; repeats: number },
): Promise<Figure[]> {
  try {
    site.configure((config) => {
      config.upload = { ...config.upload, maxBytesPerSecond: 64 * 1024 };
    });
    await site.start();
    for (let seed = 41; seed < 44; seed++) await site.simulate(seed, 40);
    const figures: Figure[] = [];
    for (const { what, away, back } of outages) {
      const [firstByte, block]: [number[], number[]] = [[], []];
      for (let at = 0; at < repeats; at++) {
        const { https } = passed();
        await until(() => passed().https > https + 100_000, 'an upload on its way', 120_000, 10);
        await away();
        await after(awayMs);
        const before = passed();
        await back();
        const startedMs = performance.now();
        await until(() => passed().all > before.all, 'a byte', 60_000, 1);
        firstByte.push(performance.now() - startedMs - rttMs);
        await until(() => passed().https > before.https + blockOnItsWay, 'a block', 60_000, 1);
        block.push(performance.now() - startedMs - rttMs);
      }
      const notes = `${what}, for ${awayMs / 1000} s; round trip ${rttMs} ms, already subtracted; goal: at most 200`;
      figures.push(
        figureOf(`link-return, first byte (${what}, RTT ${rttMs} ms)`, 'ms', firstByte, { notes }),
        figureOf(`link-return, the upload's own bytes (${what}, RTT ${rttMs} ms)`, 'ms', block, { notes }),
      );
    }
    return figures;
  } finally {
    await site.close();
  }
}
