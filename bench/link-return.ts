import { readFileSync } from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';
import { Network } from '../test/harness/network.ts';
import { Site } from '../test/harness/site.ts';
import { until } from '../test/harness/until.ts';
import { type Figure, figureOf, median } from './figure.ts';

/** How long the link is away before it returns. */
const awayMs = 4_000;

/** More than two handshakes and the headers of two requests: a block's own bytes are on their way. */
const blockOnItsWay = 16 * 1024;

/** One way in which a link can be away. */
interface Outage {
  readonly what: string;
  readonly away: () => unknown;
  readonly back: () => unknown;
}

interface Scene {
  readonly outages: readonly Outage[];
  /** What of the appliance has come through so far, in bytes: all, and what went to the blob endpoint. */
  readonly passed: () => { readonly all: number; readonly https: number };
  /** So many bytes are no content yet, but a network's own. */
  readonly noise: number;
  readonly rttMs: number;
  readonly repeats: number;
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
  const each = (step: (cable: (typeof cables)[number]) => unknown) => Promise.all(cables.map(step));
  const plug = () => each((cable) => cable.plug());
  const outages: readonly Outage[] = [
    { what: 'connections reset, new ones too', away: () => each((cable) => cable.pull()), back: plug },
    {
      what: 'connections refused',
      away: () => each((cable) => cable.sink()),
      back: () => each((cable) => cable.rise()),
    },
    { what: 'bytes swallowed', away: () => each((cable) => cable.swallow()), back: plug },
  ];
  return measured(site, { outages, passed, noise: 0, rttMs, repeats });
}

async function betweenNamespaces(repeats: number): Promise<Figure[]> {
  const network = new Network().start();
  try {
    const site = await Site.create({ network });
    const passed = () => {
      const all = network.received(site.hub.pid);
      return { all, https: all };
    };
    const outages = (['black-hole', 'link-down'] as const).map((fault) => {
      return { what: `${fault}, by the kernel`, away: () => network.break(fault), back: () => network.heal(fault) };
    });
    return await measured(site, { outages, passed, noise: 1_000, rttMs: 0, repeats });
  } finally {
    network.stop();
  }
}

async function measured(site: Site, { outages, passed, noise, rttMs, repeats }: Scene): Promise<Figure[]> {
  try {
    site.configure((config) => {
      config.upload = { ...config.upload, maxBytesPerSecond: 64 * 1024 };
    });
    await site.start();
    for (let seed = 41; seed < 44; seed++) await site.simulate(seed, 40);
    const figures: Figure[] = [];
    for (const { what, away, back } of outages) {
      const [firstByte, block, starved]: [number[], number[], number[]] = [[], [], []];
      for (let at = 0; at < repeats; at++) {
        const { https } = passed();
        await until(() => passed().https > https + 100_000, 'an upload on its way', 120_000, 10);
        await away();
        await after(awayMs);
        const before = passed();
        const waitedBefore = waitedMs(site);
        await back();
        const startedMs = performance.now();
        await until(() => passed().all > before.all + noise, 'a byte', 60_000, 1);
        firstByte.push(performance.now() - startedMs - rttMs);
        await until(() => passed().https > before.https + noise + blockOnItsWay, 'a block', 60_000, 1);
        block.push(performance.now() - startedMs - rttMs);
        starved.push(waitedMs(site) - waitedBefore);
      }
      const notes = [
        `${what}, for ${awayMs / 1000} s; round trip ${rttMs} ms, already subtracted; goal: at most 200`,
        `until the upload's own bytes the appliance waited ${Math.round(median(starved))} ms for a processor`,
      ].join('; ');
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

/** How long the appliance's main thread was ready to run and was not, so far. */
function waitedMs({ appliance: { pid } }: Site): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
}
