export { Analyst } from './analyst.ts';
export { DriftFile } from './drift-file.ts';
export { FindingsStore } from './findings-store.ts';
export { openAnalyser } from './open-analyser.ts';
export { type AnalysisSettings, analysisSchema } from './settings.ts';
