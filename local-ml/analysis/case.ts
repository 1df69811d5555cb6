import { readStudy } from '../../carto/index.ts';
import type { Checkpoint } from '../../core/gate-flag.ts';
import type { RunModel } from '../inference/tensor.ts';
import { type Analysis, analyse } from './analyse.ts';
import { caseInputOf } from './case-input.ts';
import type { LoadedModel } from './find-regions.ts';
import type { AnalysisJob, AnalysisResult, ModelId, ModelNotes, Seen } from './messages.ts';
import { openStudyPlace } from './study-source.ts';

interface Deps {
  readonly checkpoint: Checkpoint;
  /** Has a model run elsewhere. */
  readonly runner: (model: ModelId) => RunModel;
}

/** Reads a study from where it stands and analyses it. */
export async function analyseCase(
  { place, config, models, failures, runtime, reportForm }: AnalysisJob,
  { checkpoint, runner }: Deps,
): Promise<AnalysisResult> {
  await checkpoint();
  const source = await openStudyPlace(place, checkpoint);
  try {
    const input = caseInputOf(await readStudy(source, checkpoint));
    const loaded = (id: ModelId): LoadedModel | undefined => {
      const bundle = models[id];
      return bundle && { bundle, run: runner(id) };
    };
    const [regions, sites] = [loaded('la-regions'), loaded('ablation-sites')];
    const [regionsFailure, sitesFailure] = [failures['la-regions'], failures['ablation-sites']];
    const analysis = await analyse(input, {
      ...{ config, runtime, checkpoint },
      models: { ...(regions ? { regions } : {}), ...(sites ? { sites } : {}) },
      ...(regionsFailure === undefined ? {} : { regionsFailure }),
      ...(sitesFailure === undefined ? {} : { sitesFailure }),
    });
    await checkpoint();
    const said = { findings: analysis.findings, seen: seenOf(models, analysis) };
    if (reportForm === undefined) return said;
    const { reportFile } = await import('../report/file.ts');
    return { ...said, report: await reportFile(analysis, reportForm) };
  } finally {
    await source.close?.();
  }
}

function seenOf(models: AnalysisJob['models'], { familiarity }: Analysis): Seen {
  const nameOf = ({ manifest: { id, version } }: ModelNotes) => ({ id, version });
  const { 'la-regions': regions, 'ablation-sites': sites } = models;
  return {
    models: { ...(regions ? { regions: nameOf(regions) } : {}), ...(sites ? { sites: nameOf(sites) } : {}) },
    ...(familiarity ? { familiarity } : {}),
  };
}
