import { setTimeout as after } from 'node:timers/promises';
import { Site } from '../test/harness/site.ts';
import { until } from '../test/harness/until.ts';
import { type Figure, figureOf } from './figure.ts';

/** How long the link is away before it returns. */
const awayMs = 4_000;

/** More than the handshake and the header of a request: a block's own bytes are on their way. */
const blockOnItsWay = 16 * 1024;

/**
 * In the middle of an upload every connection is reset and new ones are refused, for some seconds. Milliseconds from the
 * link's return until the first byte leaves the appliance, and until bytes of the upload do, less the round trip. The
 * whole product, on the loopback interface, with and without a delay between appliance and cloud.
 */
export async function linkReturn(repeats: number): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const rttMs of [0, 50]) figures.push(...(await measured(rttMs, repeats)));
  return figures;
}

async function measured(rttMs: number, repeats: number): Promise<Figure[]> {
  const site = await Site.create({ delay: { ms: rttMs / 2, jitterMs: 0 } });
  try {
    site.configure((config) => {
      config.upload = { ...config.upload, maxBytesPerSecond: 64 * 1024 };
    });
    await site.start();
    await site.simulate(41, 40);
    const [firstByte, block]: [number[], number[]] = [[], []];
    const [, https] = site.cables;
    const bytes = () => site.cables.reduce((sum, { clientBytes }) => sum + clientBytes, 0);
    const passed = () => https?.clientBytes ?? 0;
    for (let at = 0; at < repeats; at++) {
      const before = passed();
      await until(() => passed() > before + 100_000, 'an upload on its way', 120_000, 10);
      for (const cable of site.cables) cable.pull();
      await after(awayMs);
      const [allBefore, httpsBefore] = [bytes(), passed()];
      for (const cable of site.cables) cable.plug();
      const startedMs = performance.now();
      await until(() => bytes() > allBefore, 'a byte', 60_000, 1);
      firstByte.push(performance.now() - startedMs - rttMs);
      await until(() => passed() > httpsBefore + blockOnItsWay, 'a block', 60_000, 1);
      block.push(performance.now() - startedMs - rttMs);
    }
    const notes = `round trip ${rttMs} ms, already subtracted; away for ${awayMs / 1000} s; goal: at most 200`;
    return [
      figureOf(`link-return, first byte (RTT ${rttMs} ms)`, 'ms', firstByte, { notes }),
      figureOf(`link-return, the upload's own bytes (RTT ${rttMs} ms)`, 'ms', block, { notes }),
    ];
  } finally {
    await site.close();
  }
}
