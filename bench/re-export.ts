import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Sealer } from '../agent/seal/index.ts';
import { defaultSourceLimits, simulateStudy } from '../carto/index.ts';
import { Gate } from '../core/gate.ts';
import { newId } from '../protocol/ids.ts';
import { type Figure, figureOf } from './figure.ts';

/** A clinical study: 1,000 points. `VESTIBULE_BENCH_POINTS` takes another number. */
const points = Number(process.env.VESTIBULE_BENCH_POINTS ?? 1000);
const seed = 7;

/**
 * What a re-export costs: the same study under another name and stamp, with one new point (and its ECG file) and three
 * changed bytes in a mesh, sealed after the first export of it. Bytes and seconds of the seal thread, beside the first.
 */
export async function reExport(): Promise<Figure[]> {
  const folder = await mkdtemp(join(process.env.VESTIBULE_BENCH_FOLDER ?? tmpdir(), 'vestibule-re-export-'));
  const gate = new Gate();
  gate.open();
  const sealer = new Sealer(gate);
  try {
    const first = await sealOne(sealer, gate, folder, { seed, points });
    const { linkage, base } = first;
    const change = { exportOrdinal: 1, extraPoints: 1, meshEdits: 3, names: { study: 'Again' } };
    const second = await sealOne(
      sealer,
      gate,
      folder,
      { seed, points, ...change },
      { linkage, ...(base ? { base } : {}) },
    );
    const notes = `${points} points, ${second.sourceFiles} files, ${Math.round(second.sourceBytes / 1e6)} MB; one new point, three changed bytes`;
    const sum = (tiers: Readonly<Record<string, number>>) => (tiers.review ?? 0) + (tiers.study ?? 0);
    const beside = (name: string, unit: string, ours: number, theirs: number) =>
      figureOf(`re-export, ${name}`, unit, [ours], { rival: { name: 'first export', runs: [theirs] }, notes });
    return [
      beside('study tier', 'bytes', second.bytes.study ?? 0, first.bytes.study ?? 0),
      beside('review tier', 'bytes', second.bytes.review ?? 0, first.bytes.review ?? 0),
      beside('both tiers', 'bytes', sum(second.bytes), sum(first.bytes)),
      beside('sealing', 's', second.seconds, first.seconds),
    ];
  } finally {
    await sealer.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

type Study = Omit<Parameters<typeof simulateStudy>[0], 'folder'>;
type Seal = Parameters<Sealer['seal']>[0];
type Earlier = Pick<Seal, 'linkage' | 'base'>;

async function sealOne(sealer: Sealer, gate: Gate, folder: string, study: Study, earlier: Earlier = {}) {
  const { folder: source } = await simulateStudy({ ...study, folder });
  const target = join(folder, 'cases');
  await mkdir(target, { recursive: true });
  using work = gate.work('bench');
  const startedMs = performance.now();
  const siteKey = Buffer.alloc(32, 1);
  const sealed = await sealer.seal(
    {
      ...{ kind: 'seal', source, target, caseId: newId('case'), siteKey, ...earlier },
      ...{ limits: defaultSourceLimits, spoolFolder: folder, maxSpoolBytes: 0 },
      archives: (['review', 'study'] as const).map((tier) => ({ tier, archiveId: newId('arc') })),
      recipients: [{ kid: 'storage', secret: Buffer.alloc(32, 2) }],
      privacy: { profile: 'pseudonymised', siteKey: Buffer.alloc(32, 3) },
    },
    work,
    new AbortController().signal,
  );
  const seconds = (performance.now() - startedMs) / 1000;
  await rm(source, { recursive: true });
  return { ...sealed, seconds, bytes: Object.fromEntries(sealed.archives.map(({ tier, bytes }) => [tier, bytes])) };
}
