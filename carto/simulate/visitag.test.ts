import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readBack } from './read-back.ts';

type Row = Readonly<Record<string, string>>;
interface SiteTraces {
  readonly site: Row;
  readonly span: Row;
  readonly force: readonly (readonly [atMs: number, forceG: number])[];
  readonly ablation: readonly Row[];
}

const { table, lines, study, files } = readBack({ seed: 21, points: 1 });
const sites = traces();

/** Every site with the rows of its session inside its window, straight from the files. */
function traces(): SiteTraces[] {
  const [spans, force, ablation] = ['AblationSites.txt', 'ContactForceData.txt', 'AblationData.txt'].map(table);
  return table('Sites.txt').map((site) => {
    const span = spans!.find((row) => row.SiteIndex === site.SiteIndex && row.Session === site.Session)!;
    const inside = (row: Row, column: string) =>
      row.Session === site.Session &&
      Number(row[column]) >= Number(span.FirstPosTimeStamp) &&
      Number(row[column]) <= Number(span.LastPosTimeStamp);
    return {
      site,
      span,
      force: force!.filter((row) => inside(row, 'Time')).map((row) => [Number(row.Time), Number(row.Force)] as const),
      ablation: ablation!.filter((row) => inside(row, 'TimeStamp')),
    };
  });
}

/** The index as documented: force clamped to 5 g, the last power sample held, integrated by the trapezoid rule. */
function indexByTrapezoids({ force, ablation }: SiteTraces, size = Math.abs): number {
  let integral = 0;
  const rate = ([atMs, forceG]: readonly [number, number]) => {
    const power = ablation.filter((row) => Number(row.TimeStamp) <= atMs).at(-1)!.Power;
    return Math.max(size(forceG), 5) ** 0.68 * Number(power) ** 1.63;
  };
  for (let n = 1; n < force.length; n += 1) {
    const seconds = (force[n]![0] - force[n - 1]![0]) / 1000;
    integral += ((rate(force[n]!) + rate(force[n - 1]!)) / 2) * seconds;
  }
  return (975 * integral) ** 0.35;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const numbers = (rows: readonly Row[], column: string) => rows.map((row) => Number(row[column]));

test('the ablation index follows from the traces within 0.2 %', () => {
  assert.ok(sites.length >= 50);
  for (const one of sites) {
    const stored = Number(one.site.RFIndex);
    const found = indexByTrapezoids(one);
    assert.ok(Math.abs(found / stored - 1) < 0.002, `site ${one.site.SiteIndex}: ${found} against ${stored}`);
    assert.ok(stored > 320 && stored < 560);
  }
});

test('force counts by its size: taken with its sign, some sites come out wrong', () => {
  const negative = sites.filter(({ force }) => force.some(([, forceG]) => forceG < 0));
  assert.ok(negative.length > 0);
  const off = (one: SiteTraces) => Math.abs(indexByTrapezoids(one, (value) => value) / Number(one.site.RFIndex) - 1);
  assert.ok(negative.every((one) => off(one) > 0.02));
});

test('duration, force, force-time integral and the extremes follow from the traces', () => {
  for (const { site, span, force, ablation } of sites) {
    const label = `site ${site.SiteIndex}`;
    const spanS = (Number(span.LastPosTimeStamp) - Number(span.FirstPosTimeStamp)) / 1000;
    const sizes = force.map(([, forceG]) => Math.abs(forceG));
    assert.ok(Math.abs(Number(site.DurationTime) - spanS - 0.017) < 0.002, label);
    assert.ok(Math.abs(Number(site.AverageForce) - mean(sizes)) < 0.001, label);
    assert.ok(Math.abs(Number(site.FTI) - 0.05 * sizes.reduce((sum, size) => sum + size, 0)) <= 0.51, label);
    assert.equal(Number(site.MaxPower), Math.max(...numbers(ablation, 'Power')), label);
    assert.equal(Number(site.MaxTemperature), Math.max(...numbers(ablation, 'DistalTemperature')), label);
    const impedance = numbers(ablation, 'Impedance');
    assert.ok(Math.abs(Number(site.BaseImpedance) - mean(impedance.slice(0, 10))) < 0.001, label);
    const most = Number(site.BaseImpedance) - Math.min(...impedance);
    assert.ok(Number(site.ImpedanceDrop) > 0 && Number(site.ImpedanceDrop) <= most, label);
    assert.equal(Number(span.FirstPosPassedFilterTimeStamp), Number(span.FirstPosTimeStamp) + 3000, label);
  }
});

test('sessions hold none, one or two sites, in order, and every application has its two files', () => {
  const sessions = table('VisiTagSessions.txt');
  const perSession = sessions.map((row) => sites.filter(({ site }) => site.Session === row.SessionId).length);
  assert.equal(perSession.filter((count) => count === 0).length, 1);
  assert.ok(perSession.every((count) => count <= 2));
  assert.deepEqual(
    sites.map(({ site }) => Number(site.SiteIndex)),
    sites.map((_, n) => n + 1),
  );
  const map = study.maps[0]!.name;
  for (const [n, session] of sessions.entries()) {
    const generator = lines(`RF_${map}_${n + 1}.txt`)
      .slice(1)
      .map((line) => line.split('\t').map(Number));
    const rows = table('AblationData.txt').filter((row) => row.Session === session.SessionId);
    assert.deepEqual(
      generator.map((row) => row[0]),
      numbers(rows, 'TimeStamp'),
    );
    assert.deepEqual(
      generator.map((row) => row[4]),
      numbers(rows, 'Power').map(Math.trunc),
    );
    const force = lines(`ContactForceInRF_${map}_${n + 1}.txt`).slice(1);
    const first = Number(force[0]!.split('\t')[0]);
    assert.ok(first > Number(session.StartTs) && Number(force.at(-1)!.split('\t')[0]) < Number(session.EndTs));
  }
  assert.ok(!files.has(`RF_${map}_${sessions.length + 1}.txt`));
});

test('voxel codes and voxel centres agree, and no voxel was held longer than its site', () => {
  const longest = Math.max(...sites.map(({ site }) => Number(site.DurationTime)));
  for (const row of table('Grids.txt')) {
    const digits = /^(\d{3})(\d{3})(\d{3})$/.exec(row.UniqID!)!;
    assert.deepEqual(
      ['X', 'Y', 'Z'].map((axis) => Number(row[axis])),
      [3, 2, 1].map((n) => Number(digits[n]) - 499.5),
    );
    assert.ok(Number(row.MaxTime) <= longest && Number(row.TotalTime) >= Number(row.MaxTime));
  }
});
