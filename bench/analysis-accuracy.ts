import { join } from 'node:path';
import { Gate } from '../core/gate.ts';
import { passAlways } from '../core/gate-flag.ts';
import { analyse } from '../local-ml/analysis/analyse.ts';
import { defaultAnalysisConfig } from '../local-ml/analysis/config.ts';
import { regionLabels } from '../local-ml/anatomy/anatomy.ts';
import { isSameOrAdjacent } from '../local-ml/anatomy/site-class.ts';
import { newestVersion, readBundle, shippedModels } from '../local-ml/inference/bundle.ts';
import { InferenceProcess } from '../local-ml/inference/inference-process.ts';
import { Models } from '../local-ml/inference/models.ts';
import { vertexAreasMm2 } from '../local-ml/mesh/measure.ts';
import { distance } from '../local-ml/mesh/vector.ts';
import { inputOfShell, labelsOfShell, readTestShells, type TestShell } from '../local-ml/testing/test-shells.ts';
import { type Figure, figureOf } from './figure.ts';

type Analysed = Awaited<ReturnType<typeof analyse>>;

/** A discontinuity tells of a gap when it is this near to its middle, or within it, mm. */
const reachMm = 8;

/**
 * What the shipped models and the lines say of shells whose truth is known, mesh file to findings: Dice by region
 * (area-weighted), sites exact and exact-or-adjacent, gaps with *predicted* regions. Gaps narrower than the criterion of 6 mm
 * are none. The site's protocol is the operator's where the file names one, as a real site's would be.
 */
export async function accuracy(folder: string): Promise<Figure[]> {
  const gate = new Gate();
  gate.open();
  const child = new InferenceProcess(gate);
  using work = gate.work('bench');
  const models = new Models(child);
  const load = async (id: string) => {
    const version = await newestVersion(shippedModels, id);
    if (version === undefined) return undefined;
    const bundle = await readBundle(join(shippedModels, id, version));
    return { bundle, run: models.runner(bundle, work) };
  };
  const [regions, sites] = [await load('la-regions'), await load('ablation-sites')];
  const loaded = { ...(regions ? { regions } : {}), ...(sites ? { sites } : {}) };
  const tally = new Tally();
  try {
    for (const shell of readTestShells(folder)) {
      const { lesions } = defaultAnalysisConfig;
      const config = {
        ...defaultAnalysisConfig,
        lesions: { ...lesions, ...(shell.targets ? { indexTarget: shell.targets } : {}) },
      };
      const runtime = { name: 'bench', instructionSet: 'bench' };
      tally.add(shell, await analyse(inputOfShell(shell), { config, models: loaded, runtime, checkpoint: passAlways }));
    }
  } finally {
    await child.stop();
  }
  const names = [regions, sites].flatMap((one) =>
    one ? [`${one.bundle.manifest.id} ${one.bundle.manifest.version}`] : [],
  );
  return tally.figures(names.join(', '));
}

class Tally {
  readonly #dice = new Map<string, number[]>();
  readonly #abstained: string[] = [];
  #shells = 0;
  #sites = { all: 0, exact: 0, near: 0, rulesExact: 0, agree: 0 };
  #gaps = { real: 0, found: 0, told: 0, right: 0, widthErrors: [] as number[] };

  add(shell: TestShell, { findings, surface, found, sites }: Analysed): void {
    this.#shells++;
    if (!found || !surface) {
      this.#abstained.push(`${shell.seed} ${findings.abstentions.map(({ reason }) => reason).join('/')}`);
      return;
    }
    const truth = labelsOfShell(shell, surface.sourceVertex);
    const areas = vertexAreasMm2(surface, surface.areasMm2);
    for (const [label, name] of regionLabels.entries()) {
      const [both, given, real] = [0, 1, 2].map((which) =>
        areas.reduce((sum, area, at) => {
          const [isGiven, isReal] = [found.regions.labels[at] === label, truth[at] === label];
          return sum + ([isGiven && isReal, isGiven, isReal][which] ? area : 0);
        }, 0),
      ) as [number, number, number];
      if (real > 0) this.#dice.set(name, [...(this.#dice.get(name) ?? []), (2 * both) / (given + real)]);
    }
    for (const { lesion, site, rules } of sites ?? []) {
      const { aim } = shell.lesions[lesion.order]!;
      this.#sites.all++;
      if (site === aim) this.#sites.exact++;
      if (isSameOrAdjacent(site, aim)) this.#sites.near++;
      if (rules === aim) this.#sites.rulesExact++;
      if (rules === site) this.#sites.agree++;
    }
    this.#addGaps(shell, findings);
  }

  #addGaps({ gaps }: TestShell, { discontinuities = [] }: Analysed['findings']): void {
    const rings = discontinuities.filter(({ line }) => line.endsWith('-ring'));
    const real = gaps.filter(({ widthMm }) => widthMm > defaultAnalysisConfig.lesions.interLesionMm);
    this.#gaps.told += rings.length;
    this.#gaps.real += real.length;
    const used = new Set<(typeof rings)[number]>();
    for (const { x, y, z, widthMm, kind } of real) {
      const near = rings
        .filter((one) => !used.has(one) && distance(one.place, [x, y, z]) <= Math.max(reachMm, widthMm / 2))
        .sort((a, b) => distance(a.place, [x, y, z]) - distance(b.place, [x, y, z]))[0];
      if (!near) continue;
      used.add(near);
      this.#gaps.found++;
      if (kind === 'missing') this.#gaps.widthErrors.push(Math.abs(near.betweenMm - widthMm));
    }
    this.#gaps.right += used.size;
  }

  figures(models: string): Figure[] {
    const notes = `${models}; ${this.#shells} shells, abstained: ${this.#abstained.join('; ') || 'none'}`;
    const { all, exact, near, rulesExact, agree } = this.#sites;
    const { real, found, told, right, widthErrors } = this.#gaps;
    const share = (part: number, whole: number, what: string, more = '') =>
      whole === 0 ? [] : [figureOf(what, 'share', [part / whole], { notes: `${part} of ${whole}${more}; ${notes}` })];
    return [
      ...[...this.#dice].map(([label, values]) =>
        figureOf(`analysis, Dice ${label}`, 'Dice', values, { notes: `${notes}; p10 ${p10(values).toFixed(3)}` }),
      ),
      ...share(exact, all, 'analysis, sites exact'),
      ...share(near, all, 'analysis, sites exact or next on the clock'),
      ...share(rulesExact, all, 'analysis, sites exact by rules alone'),
      ...share(agree, all, 'analysis, sites on which model and rules agree'),
      ...share(found, real, 'analysis, gaps found (sensitivity), predicted regions'),
      ...share(right, told, 'analysis, told gaps that are some (PPV), predicted regions'),
      ...(widthErrors.length > 0
        ? [figureOf('analysis, error of the width of missing lesions', 'mm', widthErrors, { notes })]
        : []),
    ];
  }
}

const p10 = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(0.1 * values.length)]!;
