import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { everything, openEverything } from '../../harness/everything.ts';
import { Site } from '../../harness/site.ts';
import { until } from '../../harness/until.ts';
import { type PlantedCase, plantedCase } from './case.ts';
import { Hunt } from './hunt.ts';

export interface WholeProductReport {
  readonly seed: number;
  readonly wallMs: number;
  readonly cases: number;
  readonly archives: number;
  /** By the stage that the appliance's cases reached. */
  readonly stages: Readonly<Record<string, number>>;
  /** Pieces of bytes that were searched: files and names, and all that was printed. */
  readonly searched: number;
  readonly plants: number;
  readonly foundInInbox: number;
  readonly leaks: readonly string[];
}

const settled = new Set(['delivered', 'released', 'held']);

/**
 * The same cases through the real appliance, hub and receiver: dropped into the inbox as folders and zips, every second one
 * an export again of the study before it. Searches what the appliance keeps and prints, and all that the cloud got.
 */
export async function wholeProduct(
  seed: number,
  cases: number,
  say: (line: string) => void,
): Promise<WholeProductReport> {
  const begun = performance.now();
  const planted = Array.from({ length: cases }, (_, index) => asStudy(plantedCase(seed, index), index >> 1));
  const hunt = new Hunt(planted.flatMap(({ plants }) => plants.flatMap(({ identifier }) => identifier.secrets)));
  const site = await Site.create({ analysis: true, quietSeconds: 0.5 });
  try {
    await site.start();
    const inbox = new Set<string>();
    for (const [index, one] of planted.entries()) {
      for (const bytes of drop(site, one, index)) for (const secret of hunt.in(bytes)) inbox.add(secret);
      // One after the other, so that the second export of a study finds the first one known.
      await until(
        async () => (await site.cases()).filter(({ stage }) => settled.has(stage)).length > index,
        `case ${index}`,
        300_000,
      );
      say(`whole product: case ${index + 1} of ${cases}`);
    }
    const found = await search(site, planted, hunt, inbox);
    return { ...found, seed, wallMs: performance.now() - begun };
  } finally {
    await site.close();
  }
}

async function search(
  site: Site,
  planted: readonly PlantedCase[],
  hunt: Hunt,
  inbox: ReadonlySet<string>,
): Promise<Omit<WholeProductReport, 'seed' | 'wallMs'>> {
  const opened = join(site.data, 'opened');
  mkdirSync(opened);
  const archives = await openEverything(site, opened);
  const leaks: string[] = [];
  let searched = 0;
  const look = (where: string, bytes: Buffer) => {
    searched++;
    for (const secret of hunt.in(bytes)) leaks.push(`${secret} in ${where}`);
  };
  for await (const { where, bytes } of everything(site, opened)) look(where, bytes);
  for (const verb of [
    ['cases', 'list', '--json'],
    ['cases', 'list'],
    ['status', '--json'],
    ['outbox', '--json'],
  ]) {
    const { stdout, stderr } = await site.vestibule(...verb);
    look(verb.join(' '), Buffer.from(stdout + stderr));
  }
  const stages: Record<string, number> = {};
  for (const { stage } of await site.cases()) stages[stage] = (stages[stage] ?? 0) + 1;
  const identifiers = planted.flatMap(({ plants }) => plants.map(({ identifier }) => identifier));
  const foundInInbox = identifiers.filter(({ secrets }) => secrets.some((secret) => inbox.has(secret))).length;
  return { cases: planted.length, archives, stages, searched, plants: identifiers.length, foundInInbox, leaks };
}

/** Writes a case into the inbox; gives what lies there. */
function* drop(site: Site, { files, zip, source }: PlantedCase, index: number): Generator<Buffer> {
  const name = `${index}-${source.replaceAll('/', '-')}`.slice(0, 200);
  const staging = join(site.data, 'staging', String(index));
  yield Buffer.from(name);
  if (zip) {
    mkdirSync(dirname(staging), { recursive: true });
    writeFileSync(`${staging}.zip`, zip);
    yield zip;
    site.drop(`${staging}.zip`, `${name}.zip`);
    return;
  }
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(staging, path)), { recursive: true });
    writeFileSync(join(staging, path), content);
    yield Buffer.concat([Buffer.from(path), content]);
  }
  site.drop(staging, name);
}

/** The counters and clocks by which a study is known, made those of another study. */
function asStudy(planted: PlantedCase, study: number): PlantedCase {
  const change = (text: string) => {
    return text.replaceAll(/(?<!\d)(810[12]|9300|600100|650000)(?!\d)/g, (digits) =>
      String(Number(digits) + 10 * study),
    );
  };
  const files = Object.entries(planted.files).map(([path, content]) => {
    return [change(path), Buffer.from(change(content.toString('latin1')), 'latin1')] as const;
  });
  return {
    ...planted,
    files: Object.fromEntries(files),
    zip: planted.zip && planted.zipAgain(Object.fromEntries(files)),
  };
}
