import type { Work } from '../../core/gate.ts';
import type { ModelBundle } from './bundle.ts';
import type { GoldenTensor } from './bundle-schema.ts';
import type { InferenceProcess } from './inference-process.ts';
import { ModelError } from './model-error.ts';
import type { RunModel, Tensor, Tensors } from './tensor.ts';

/** Bundles in one inference process: each is loaded when it is first run there, and again into a fresh process. */
export class Models {
  readonly #process: InferenceProcess;
  readonly #loadedInto = new Map<string, number>();

  constructor(process: InferenceProcess) {
    this.#process = process;
  }

  /** How a piece of work runs a model. */
  runner(bundle: ModelBundle, work: Work, signal?: AbortSignal): RunModel {
    const key = bundle.sha256;
    return async (inputs) => {
      expectPorts(bundle.manifest.inputs, inputs);
      if (this.#process.isFresh || this.#loadedInto.get(key) !== this.#process.pid) {
        await this.#process.ask({ kind: 'load', key, model: bundle.model }, work, signal);
        this.#loadedInto.set(key, this.#process.pid ?? -1);
      }
      const outputs = await this.#process.ask({ kind: 'run', key, inputs }, work, signal);
      expectPorts(bundle.manifest.outputs, outputs);
      return outputs;
    };
  }

  /** Throws SELF_TEST_FAILED where the model does not give, on this machine, what its bundle says that it gives. */
  async selfTest(bundle: ModelBundle, work: Work, signal?: AbortSignal): Promise<void> {
    const run = this.runner(bundle, work, signal);
    for (const { inputs, outputs, tolerance } of bundle.golden.cases) {
      const given = await run(mapValues(inputs, tensorOf));
      for (const [name, expected] of Object.entries(mapValues(outputs, tensorOf))) {
        const off = farthest(given[name]?.data ?? [], expected.data);
        if (off <= tolerance.absolute) continue;
        throw new ModelError('SELF_TEST_FAILED', `the model is ${off.toPrecision(3)} off its golden output`, {
          hint: 'Use the version before, or install the model again.',
        });
      }
    }
  }
}

export function tensorOf({ dtype, shape, base64 }: GoldenTensor): Tensor {
  const bytes = Uint8Array.from(Buffer.from(base64, 'base64'));
  const { buffer } = bytes;
  return dtype === 'float32'
    ? { dtype, shape, data: new Float32Array(buffer) }
    : { dtype, shape, data: new Int32Array(buffer) };
}

function mapValues<From, To>(
  record: Readonly<Record<string, From>>,
  map: (value: From) => To,
): Readonly<Record<string, To>> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
}

/** The greatest difference; Infinity where there is another number of values, or one is no number. */
function farthest(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity;
  let most = 0;
  for (let at = 0; at < a.length; at++) {
    const off = Math.abs(a[at]! - b[at]!);
    if (!(off <= most)) most = Number.isNaN(off) ? Infinity : off;
  }
  return most;
}

interface Port {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
}

/** Each port is there with its type and shape (-1: any), and holds so many numbers. */
function expectPorts(ports: readonly Port[], tensors: Tensors): void {
  for (const { name, dtype, shape } of ports) {
    const tensor = tensors[name];
    const fits =
      tensor?.dtype === dtype &&
      tensor.shape.length === shape.length &&
      shape.every((size, at) => size === -1 || size === tensor.shape[at]) &&
      tensor.data.length === tensor.shape.reduce((product, size) => product * size, 1);
    if (!fits)
      throw new ModelError('RUN_FAILED', `the tensor ${name} has not the type and shape that the manifest says`);
  }
}
