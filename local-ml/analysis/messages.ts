import type { Findings } from '../../protocol/findings.ts';
import type { ModelBundle } from '../inference/bundle.ts';
import type { Tensors } from '../inference/tensor.ts';
import type { ReportForm } from '../report/forms.ts';
import type { Familiarity } from '../segmentation/familiarity.ts';
import type { AnalysisConfig } from './config.ts';
import type { StudyPlace } from './study-source.ts';

export const modelIds = ['la-regions', 'ablation-sites'] as const;
export type ModelId = (typeof modelIds)[number];

/** A model as the thread needs to know it; it is run elsewhere. */
export type ModelNotes = Pick<ModelBundle, 'manifest' | 'sha256' | 'familiarity'>;

export interface AnalysisJob {
  readonly place: StudyPlace;
  readonly config: AnalysisConfig;
  readonly models: Readonly<Partial<Record<ModelId, ModelNotes>>>;
  /** Why a model that should be there is not, by code. */
  readonly failures: Readonly<Partial<Record<ModelId, string>>>;
  readonly runtime: { readonly name: string; readonly instructionSet: string };
  /** Also write the report, as this; undefined: none is wanted. */
  readonly reportForm: ReportForm | undefined;
}

/** What findings do not say, to be counted: models that were at hand, and how familiar a shell was that is not spoken of. */
export interface Seen {
  readonly models: Readonly<Partial<Record<'regions' | 'sites', { readonly id: string; readonly version: string }>>>;
  readonly familiarity?: Familiarity;
}

export interface AnalysisResult {
  readonly findings: Findings;
  readonly seen: Seen;
  /** The bytes of its file. */
  readonly report?: Uint8Array;
}

/** What the thread is given when it begins. */
export interface AnalysisThreadData {
  /** `Gate.flag`. */
  readonly gate: SharedArrayBuffer;
  /** Most that it uses of a processor; undefined: all of it. */
  readonly cpuPercent: number | undefined;
}

export type ToThread =
  | { readonly kind: 'job'; readonly job: AnalysisJob }
  /** `cpuMs`: what the models have used of the processor so far. */
  | { readonly kind: 'ran'; readonly id: number; readonly outputs: Tensors; readonly cpuMs: number }
  | { readonly kind: 'not-run'; readonly id: number; readonly code: string };

export type FromThread =
  /** It waits at the gate, closed by this change of it (`Gate.changes`), since `atMs` (`sharedMs`). */
  | { readonly kind: 'parked'; readonly changes: number; readonly atMs: number }
  | { readonly kind: 'run'; readonly id: number; readonly model: ModelId; readonly inputs: Tensors }
  | { readonly kind: 'done'; readonly result: AnalysisResult }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly hint?: string };
