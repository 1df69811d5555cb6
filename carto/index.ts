export {
  type CheckName,
  type CheckOptions,
  type CheckReport,
  type CheckResult,
  checkStudy,
  type Outcome,
  type Subject,
} from './check/index.ts';
export { defaultSourceLimits, type SourceLimits } from './container/limits.ts';
export { type OpenOptions, openSource } from './container/open-source.ts';
export { type ContainerKind, sniffContainer } from './container/sniff.ts';
export { CartoError, type CartoErrorCode } from './error.ts';
export type { FileKind } from './files.ts';
export { openFolder } from './folder.ts';
export { identify, type StudyIdentity } from './identify.ts';
export { isGeneratedCode } from './pseudonymise/codes.ts';
export { Copyist, type FileOrder, NotInCopy } from './pseudonymise/copyist.ts';
export type { DeskCopy } from './pseudonymise/desk-copy.ts';
export { type Linkage, linkageSchema } from './pseudonymise/linkage.ts';
export {
  type PseudonymisedStudy,
  type PseudonymiseOptions,
  pseudonymise,
} from './pseudonymise/pseudonymise.ts';
export type { PseudonymisedFile, StudyCopy } from './pseudonymise/transform.ts';
export { coloringNames, isDefaultTag, meshFlags } from './pseudonymise/vocabulary.ts';
export { type EcgOfPoints, eachEcg } from './read/each-ecg.ts';
export { type ReadStudyOptions, readStudy } from './read/read-study.ts';
export {
  type Canary,
  type CatheterName,
  type ChamberKind,
  canariesOf,
  type GenerationName,
  type PackKind,
  type PlannedGap,
  type SimulatedExport,
  type SimulatedNames,
  type SimulateOptions,
  SimulatorError,
  type SimulatorErrorCode,
  type StudySize,
  type StudyTruth,
  simulateStudy,
  type Variant,
} from './simulate/index.ts';
export type { LeftOut, Source, SourceFile } from './source.ts';
export type * from './study.ts';
export type { NumericTable } from './table.ts';
export type { Warning, WarningCode } from './warnings.ts';
