import type { LesionTarget } from './lesions.ts';
import type { Random } from './random.ts';
import { measureSite, type Site, type SiteWindow } from './site.ts';
import { indexDose, indexOf } from './tag-index.ts';
import { type Setting, type Trace, TraceRecorder } from './trace.ts';
import { distanceBetween } from './vector.ts';

/** One application of energy: the pedal goes down, the pedal goes up. It leaves no site, one, or (dragged) two. */
export interface Application extends Trace {
  readonly session: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly preset: 1 | 2;
  /** True: 90 W for four seconds. Its rows are in sibling tables, and it has no index. */
  readonly highPower: boolean;
  readonly sites: readonly Site[];
}

/** Ablation index that the operator stops at. */
const goals = { anterior: 450, posterior: 390 } as const;
const leastSteps = 120;
const highPowerSteps = 40;
const highPowerShare = 0.08;
const mostSteps = 600;
const dragSteps = 8;

/** Carries out a plan, one application after another, on the study's clock. */
export function ablate(
  targets: readonly LesionTarget[],
  start: { readonly atMs: number; readonly session: number; readonly highPower: boolean },
  random: Random,
): Application[] {
  const applications: Application[] = [];
  let atMs = start.atMs;
  const slip = random.integer(8, Math.max(8, targets.length - 8));
  for (let n = 0; n < targets.length; ) {
    const session = start.session + applications.length;
    const target = targets[n]!;
    let application: Application;
    if (start.highPower && random.next() < highPowerShare) {
      application = burst(target, { atMs, session, firstSite: n + 1 }, random);
      n += 1;
    } else if (applications.length === slip) {
      application = slipOff(target, { atMs, session }, random);
    } else {
      const group = isDrag(targets, n, random) ? [target, targets[n + 1]!] : [target];
      application = apply(group, { atMs, session, firstSite: n + 1 }, random);
      n += group.length;
    }
    applications.push(application);
    atMs = application.endMs + random.integer(4_000, 22_000);
  }
  return applications;
}

function isDrag(targets: readonly LesionTarget[], n: number, random: Random): boolean {
  const [here, next] = [targets[n]!, targets[n + 1]];
  const wanted = random.next() < 0.06;
  return wanted && next !== undefined && next.wall === here.wall && distanceBetween(here.place, next.place) < 6;
}

function settingFor(wall: LesionTarget['wall'], random: Random): Setting {
  const front = wall === 'anterior';
  return {
    powerW: front ? random.between(36, 41) : random.between(28, 33),
    forceG: front ? random.between(8, 19) : random.between(6.5, 14),
    sign: random.next() < 0.08 ? -1 : 1,
    impedanceOhm: random.between(104, 132),
    dropOhm: random.between(6, 15),
    peakC: random.between(37, 43),
  };
}

function apply(
  group: readonly LesionTarget[],
  start: { readonly atMs: number; readonly session: number; readonly firstSite: number },
  random: Random,
): Application {
  const wall = group[0]!.wall;
  const recorder = new TraceRecorder(start.atMs, settingFor(wall, random), random);
  const windows: SiteWindow[] = [];
  for (const target of group) {
    for (let n = 0; windows.length > 0 && n < dragSteps; n += 1) recorder.step();
    recorder.rest();
    windows.push({ target, ...stayUntilDone(recorder, goals[wall] * random.between(0.93, 1.1)) });
  }
  for (let n = random.integer(4, 7); n > 0; n -= 1) recorder.step();
  const sites = windows.map((window, n) =>
    measureSite(recorder, { ...window, startMs: start.atMs, index: start.firstSite + n }, random),
  );
  return finish(recorder, start, wall, sites);
}

/** Energy is on and the tip lies still: until the index is reached. Returns the steps it took, from and to (excluded). */
function stayUntilDone(recorder: TraceRecorder, goal: number): { fromStep: number; toStep: number } {
  const fromStep = recorder.ablation.length;
  let dose = 0;
  for (let steps = 0; steps < mostSteps; steps += 1) {
    if (steps >= leastSteps && indexOf(dose) >= goal) break;
    const { ablation, force } = recorder.step();
    for (const sample of force) dose += indexDose(sample.forceG, ablation.powerW, 0.05);
  }
  return { fromStep, toStep: recorder.ablation.length };
}

/** Much power for a short time. */
function burst(
  target: LesionTarget,
  start: { readonly atMs: number; readonly session: number; readonly firstSite: number },
  random: Random,
): Application {
  const setting = { ...settingFor(target.wall, random), powerW: random.between(88, 90), peakC: random.between(46, 52) };
  const recorder = new TraceRecorder(start.atMs, setting, random);
  recorder.rest();
  for (let n = 0; n < highPowerSteps; n += 1) recorder.step();
  const window = { target, fromStep: 0, toStep: highPowerSteps, startMs: start.atMs, index: start.firstSite };
  const site = measureSite(recorder, window, random);
  recorder.step();
  recorder.step();
  return { ...finish(recorder, start, target.wall, [site]), highPower: true };
}

/** The tip slips off after two seconds: traces are kept, but no stable time, so no site. */
function slipOff(
  target: LesionTarget,
  start: { readonly atMs: number; readonly session: number },
  random: Random,
): Application {
  const recorder = new TraceRecorder(start.atMs, settingFor(target.wall, random), random);
  for (let n = random.integer(16, 24); n > 0; n -= 1) recorder.step();
  return finish(recorder, start, target.wall, []);
}

function finish(
  trace: Trace,
  start: { readonly atMs: number; readonly session: number },
  wall: LesionTarget['wall'],
  sites: readonly Site[],
): Application {
  return {
    force: trace.force,
    ablation: trace.ablation,
    session: start.session,
    startMs: start.atMs,
    endMs: trace.force.at(-1)!.atMs + 80,
    preset: wall === 'anterior' ? 1 : 2,
    highPower: false,
    sites,
  };
}
