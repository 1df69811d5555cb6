export { Analyser, type AnalyserOptions, AnalysisError } from './analysis/analyser.ts';
export { type AnalysisConfig, defaultAnalysisConfig } from './analysis/config.ts';
export type { AnalysisResult } from './analysis/messages.ts';
export type { StudyPlace } from './analysis/study-source.ts';
export { shippedModels } from './inference/bundle.ts';
