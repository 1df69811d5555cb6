export { Analyser, type AnalyserOptions, AnalysisError } from './analysis/analyser.ts';
export { type AnalysisConfig, defaultAnalysisConfig } from './analysis/config.ts';
export type { AnalysisResult } from './analysis/messages.ts';
export type { StudyPlace } from './analysis/study-source.ts';
export { type FhirOptions, fhirOf, type Resource } from './exchange/fhir.ts';
export { type OpenEpUserdata, openEpOf } from './exchange/openep.ts';
export { shippedModels } from './inference/bundle.ts';
export { type ReportForm, reportForms } from './report/forms.ts';
