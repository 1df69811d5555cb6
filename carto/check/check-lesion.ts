import type { AblationSite, VisiTag } from '../study.ts';
import {
  ablationIndex,
  activeFormula,
  coefficientsOf,
  forceStepMs,
  type IndexCoefficients,
  type Samples,
} from './ablation-index.ts';
import { type CheckName, type CheckResult, compared, notApplicable, type Place } from './result.ts';
import { type Trace, tracesOf } from './traces.ts';

/** One frame of the location system: what a lesion lasts beyond its last position, s (A8). */
const frameS = 1 / 60;

/** How close the recomputed values came on all lesions of a real export (A8), and a little more. */
const tolerances = {
  durationS: 0.02,
  forceG: 0.25,
  /** And one percent. */
  integralGs: 3,
  impedanceOhm: 0.25,
  /** One step of the recorder. */
  powerW: 0.13,
  temperatureC: 0.13,
  indexPercent: 0.2,
} as const;

/** Impedance before the lesion: the mean of its first second. */
const baseMs = 1000;
/** Power that was set before the window began is held into it. */
const powerLeadMs = 2000;
/** No lesion lasts as long; a longer window is a damaged row. */
const maxLesionMs = 600_000;

const units: Partial<Record<CheckName, string>> = {
  duration: 's',
  'average-force': 'g',
  'force-time-integral': 'g·s',
  'ablation-index': '%',
  'base-impedance': 'ohm',
  'max-power': 'W',
  'max-temperature': 'degC',
};

/** Recomputes lesions from the traces of force and generator. Formulas: A8 of the format notes, docs/study.md. */
export class LesionCheck {
  readonly #force: Trace | undefined;
  readonly #ablation: Trace | undefined;
  readonly #formula: IndexCoefficients | string;

  constructor(visiTag: VisiTag) {
    const { force, ablation } = tracesOf(visiTag);
    this.#force = force;
    this.#ablation = ablation;
    const active = activeFormula(visiTag);
    this.#formula = active
      ? (coefficientsOf(active) ?? 'the active formula has no coefficients')
      : 'the settings name no formula of the export';
  }

  /** `lesion`: its number, from 1. */
  check(site: AblationSite, lesion: number): CheckResult[] {
    const { firstStudyMs: from, lastStudyMs: to } = site;
    const place = (check: CheckName): Place => ({
      check,
      subject: { kind: 'lesion', lesion },
      unit: units[check] ?? '',
    });
    if (from === undefined || to === undefined || !(to >= from && to - from <= maxLesionMs)) {
      return (Object.keys(units) as CheckName[]).map((check) => notApplicable(place(check), 'the lesion has no times'));
    }
    const force = this.#force?.between('Force', site, from, to);
    return [
      compared(place('duration'), {
        found: (to - from) / 1000 + frameS,
        expected: site.durationS,
        tolerance: tolerances.durationS,
      }),
      ...checkForce(site, force, place),
      this.#index(site, force, { from, to }, place('ablation-index')),
      ...this.#generator(site, { from, to }, place),
    ];
  }

  #index(
    site: AblationSite,
    force: Samples | undefined,
    { from, to }: { readonly from: number; readonly to: number },
    place: Place,
  ): CheckResult {
    if (site.rfIndex === undefined) return notApplicable(place, 'the lesion states no index');
    if (typeof this.#formula === 'string') return notApplicable(place, this.#formula);
    const power = this.#ablation?.between('Power', site, from - powerLeadMs, to);
    if (!force?.values.length || !power?.values.length) return notApplicable(place, 'the lesion has no trace');
    const found = ablationIndex(force, power, this.#formula);
    return compared(place, { found, expected: site.rfIndex, tolerance: tolerances.indexPercent, relative: true });
  }

  #generator(
    site: AblationSite,
    { from, to }: { readonly from: number; readonly to: number },
    place: (check: CheckName) => Place,
  ): CheckResult[] {
    const trace = (column: string, until: number) => this.#ablation?.between(column, site, from, until).values;
    const base = trace('Impedance', from + baseMs - 1);
    return [
      value(place('base-impedance'), base && mean(base), site.baseImpedanceOhm, tolerances.impedanceOhm),
      value(place('max-power'), highest(trace('Power', to)), site.maxPowerW, tolerances.powerW),
      value(
        place('max-temperature'),
        highest(trace('DistalTemperature', to)),
        site.maxTemperatureC,
        tolerances.temperatureC,
      ),
    ];
  }
}

/** The force that a lesion states is the mean of the force's size; so is its integral. */
function checkForce(site: AblationSite, force: Samples | undefined, place: (check: CheckName) => Place): CheckResult[] {
  const sizes = force?.values.map(Math.abs);
  const integral = sizes?.length ? sizes.reduce((sum, grams) => sum + grams, 0) * (forceStepMs / 1000) : undefined;
  return [
    value(place('average-force'), sizes && mean(sizes), site.averageForceG, tolerances.forceG),
    value(place('force-time-integral'), integral, site.ftiGs, tolerances.integralGs + 0.01 * site.ftiGs),
  ];
}

function value(place: Place, found: number | undefined, expected: number, tolerance: number): CheckResult {
  if (found === undefined) return notApplicable(place, 'the lesion has no trace');
  return compared(place, { found, expected, tolerance });
}

function mean(values: Float64Array): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, one) => sum + one, 0) / values.length;
}

function highest(values: Float64Array | undefined): number | undefined {
  return values?.length ? values.reduce((most, one) => Math.max(most, one)) : undefined;
}
