export { Analyst } from './analyst.ts';
export { FindingsStore } from './findings-store.ts';
export { openAnalyser } from './open-analyser.ts';
export { type AnalysisSettings, analysisSchema } from './settings.ts';
