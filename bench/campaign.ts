import '../core/node-guard.ts';
import { checkRecording, crashCampaign, showCrashReport } from '../test/campaigns/crash/crash.ts';
import { faultCampaign, showFaultReport } from '../test/campaigns/crash/faults.ts';
import { cutsCampaign, showCutsReport } from '../test/campaigns/cuts.ts';
import { dayCampaign, showDayReport } from '../test/campaigns/day.ts';
import { detectorCampaign, showDetectorReport } from '../test/campaigns/detector.ts';
import { fuzzCampaign } from '../test/campaigns/fuzz/fuzz.ts';
import { replay } from '../test/campaigns/fuzz/replay.ts';
import { showFuzzReport } from '../test/campaigns/fuzz/show.ts';
import { killCampaign, showKillReport } from '../test/campaigns/kill.ts';
import { pausesCampaign, showPausesReport } from '../test/campaigns/pauses.ts';
import { complaintsOf, privacyCampaign } from '../test/campaigns/privacy/privacy.ts';
import { showPrivacyReport, showWholeProduct } from '../test/campaigns/privacy/show.ts';
import { wholeProduct } from '../test/campaigns/privacy/whole-product.ts';
import { freshSeed } from '../test/harness/random.ts';

const say = (line: string) => console.log(line);

/** Campaigns by name; each takes its arguments, of which the first is a seed, and prints its report. */
const campaigns: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = {
  async kill([seed]) {
    const report = await killCampaign(seedOf(seed), 10, say);
    say(showKillReport(report));
    say(JSON.stringify(report));
  },
  async crash([seed, more, ...rest]) {
    const [at, states] = seed === '--replay' ? rest : [seed, more];
    const order = { seed: seedOf(at), states: Number(states ?? 200_000) };
    const report = await (seed === '--replay' ? checkRecording(more ?? '', order, say) : crashCampaign(order, say));
    say(showCrashReport(report));
    say(JSON.stringify(report));
    if (report.failures.length > 0) process.exitCode = 1;
  },
  async cuts([seed, cuts]) {
    const report = await cutsCampaign(seedOf(seed), Number(cuts ?? 500), say);
    say(showCutsReport(report));
    say(JSON.stringify(report));
  },
  async faults([seed, sample, minutes]) {
    const numberOf = (text: string | undefined) => (text === undefined || text === 'all' ? undefined : Number(text));
    const order = { sample: numberOf(sample), minutes: numberOf(minutes) };
    const report = await faultCampaign(seedOf(seed), order, say);
    say(showFaultReport(report));
    say(JSON.stringify(report));
    if (report.failures.length > 0) process.exitCode = 1;
  },
  async fuzz([seed, more, minutes]) {
    if (seed === '--replay') return say(JSON.stringify(await replay(more ?? '')));
    const withinMs = minutes === undefined ? Number.POSITIVE_INFINITY : Number(minutes) * 60_000;
    const report = await fuzzCampaign(seedOf(seed), Number(more ?? 1_000_000), say, { withinMs });
    say(showFuzzReport(report));
    say(JSON.stringify(report));
    if (report.failed > 0) process.exitCode = 1;
  },
  async privacy([seed, cases, minutes]) {
    const withinMs = minutes === undefined ? Number.POSITIVE_INFINITY : Number(minutes) * 60_000;
    const report = await privacyCampaign(seedOf(seed), Number(cases ?? 20_000), { withinMs });
    say(showPrivacyReport(report));
    say(JSON.stringify(report));
    if (complaintsOf(report).length > 0) process.exitCode = 1;
  },
  async 'privacy-product'([seed, cases]) {
    const report = await wholeProduct(seedOf(seed), Number(cases ?? 40), say);
    say(showWholeProduct(report));
    say(JSON.stringify(report));
    if (report.leaks.length > 0) process.exitCode = 1;
  },
  async pauses([seed, pauses]) {
    const report = await pausesCampaign(seedOf(seed), Number(pauses ?? 1_000), 200, say);
    say(showPausesReport(report));
    say(JSON.stringify(report));
  },
  async day([seed]) {
    const report = await dayCampaign(seedOf(seed), say);
    say(showDayReport(report));
    say(JSON.stringify({ ...report, strip: undefined }));
  },
  detector: async ([seed]) => say(showDetectorReport(detectorCampaign(seedOf(seed), 1_000_000))),
};

function seedOf(text: string | undefined): number {
  return text === undefined ? freshSeed() : Number(text);
}

const [name, ...args] = process.argv.slice(2);
const campaign = name === undefined ? undefined : campaigns[name];
if (campaign) await campaign(args);
else {
  console.error(`Campaigns: ${Object.keys(campaigns).join(', ')}`);
  process.exitCode = 2;
}
