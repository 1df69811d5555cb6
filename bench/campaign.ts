import '../core/node-guard.ts';
import { detectorCampaign, showDetectorReport } from '../test/campaigns/detector.ts';
import { killCampaign, showKillReport } from '../test/campaigns/kill.ts';
import { freshSeed } from '../test/harness/random.ts';

/** Campaigns by name; each takes a seed and prints its report. */
const campaigns: Readonly<Record<string, (seed: number) => Promise<void>>> = {
  kill: async (seed) => {
    const report = await killCampaign(seed, 10, (line) => console.log(line));
    console.log(showKillReport(report));
    console.log(JSON.stringify(report));
  },
  detector: async (seed) => console.log(showDetectorReport(detectorCampaign(seed, 1_000_000))),
};

const [name, seed] = process.argv.slice(2);
const campaign = name === undefined ? undefined : campaigns[name];
if (campaign) {
  await campaign(seed === undefined ? freshSeed() : Number(seed));
} else {
  console.error(`Campaigns: ${Object.keys(campaigns).join(', ')}`);
  process.exitCode = 2;
}
