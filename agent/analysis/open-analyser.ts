import type { Analyser, AnalyserOptions } from '../../local-ml/index.ts';
import type { AnalysisSettings } from './settings.ts';

/** Loads the analysis, with what the site's file says of it. */
export async function openAnalyser(
  settings: AnalysisSettings,
  machine: Pick<AnalyserOptions, 'gate' | 'cpuPercent' | 'onThread'>,
): Promise<Analyser> {
  const { Analyser, defaultAnalysisConfig } = await import('../../local-ml/index.ts');
  const { indexTarget, interLesionMm, thresholdsMv, fillThresholdMm } = settings;
  const { lesions, voltage } = defaultAnalysisConfig;
  const config = {
    ...defaultAnalysisConfig,
    lesions: { ...lesions, indexTarget, interLesionMm },
    voltage: { ...voltage, thresholdsMv: [...thresholdsMv].sort((a, b) => a - b), fillThresholdMm },
  };
  return new Analyser({ ...machine, config });
}
