export type { PlannedGap } from './lesions.ts';
export type { SimulatedNames } from './names.ts';
export { type SimulatedExport, type SimulateOptions, simulateStudy } from './simulate-study.ts';
export { SimulatorError, type SimulatorErrorCode } from './simulator-error.ts';
