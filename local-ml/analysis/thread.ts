import { parentPort, workerData } from 'node:worker_threads';
import { readStudy } from '../../carto/index.ts';
import { codeOf, GatewayError } from '../../core/errors.ts';
import { attachGate } from '../../core/gate-flag.ts';
import { ModelError } from '../inference/model-error.ts';
import type { RunModel, Tensors } from '../inference/tensor.ts';
import { reportOf } from '../report/html.ts';
import { analyse } from './analyse.ts';
import { caseInputOf } from './case-input.ts';
import type { LoadedModel } from './find-regions.ts';
import type { AnalysisJob, AnalysisResult, FromThread, ModelId, ToThread } from './messages.ts';
import { openStudyPlace } from './study-source.ts';

/**
 * The thread of the analysis: reads the study, computes, and asks the daemon to run models. It passes the gate between
 * pieces of work; while it waits there it sleeps and says so.
 */
const port = parentPort;
if (!port) throw new Error('the analysis runs as a thread only');

const say = (message: FromThread) => port.postMessage(message);
const { gate: flag } = workerData as { readonly gate: SharedArrayBuffer };
const gate = attachGate(flag, (changes) => say({ kind: 'parked', changes }));
const checkpoint = () => gate.pass();
const waiting = new Map<
  number,
  { readonly resolve: (outputs: Tensors) => void; readonly reject: (error: unknown) => void }
>();
let lastId = 0;

port.on('message', (message: ToThread) => {
  if (message.kind === 'job') {
    carryOut(message.job).then(
      (result) => say({ kind: 'done', result }),
      (error: unknown) => say(failureOf(error)),
    );
    return;
  }
  const { resolve, reject } = waiting.get(message.id)!;
  waiting.delete(message.id);
  if (message.kind === 'ran') resolve(message.outputs);
  else reject(new ModelError(message.code as ModelError['code'], 'the model could not be run'));
});

async function carryOut({
  place,
  config,
  models,
  failures,
  runtime,
  withReport,
}: AnalysisJob): Promise<AnalysisResult> {
  await checkpoint();
  const source = await openStudyPlace(place, checkpoint);
  try {
    const input = caseInputOf(await readStudy(source, checkpoint));
    const loaded = (id: ModelId): LoadedModel | undefined => {
      const bundle = models[id];
      return bundle && { bundle, run: runner(id) };
    };
    const [regions, sites] = [loaded('la-regions'), loaded('ablation-sites')];
    const failed = failures['la-regions'];
    const analysis = await analyse(input, {
      ...{ config, runtime, checkpoint },
      models: { ...(regions ? { regions } : {}), ...(sites ? { sites } : {}) },
      ...(failed === undefined ? {} : { regionsFailure: failed }),
    });
    await checkpoint();
    return { findings: analysis.findings, ...(withReport ? { report: reportOf(analysis) } : {}) };
  } finally {
    await source.close?.();
  }
}

function runner(model: ModelId): RunModel {
  return (inputs) => {
    const id = ++lastId;
    const { promise, resolve, reject } = Promise.withResolvers<Tensors>();
    waiting.set(id, { resolve, reject });
    say({ kind: 'run', id, model, inputs });
    return promise;
  };
}

/** Our errors keep their words; of others only the code crosses, since a message may quote what was read. */
function failureOf(error: unknown): FromThread {
  if (error instanceof GatewayError) {
    const { code, message, hint } = error;
    return { kind: 'failed', code, message, ...(hint === undefined ? {} : { hint }) };
  }
  return { kind: 'failed', code: codeOf(error) ?? 'ANALYSIS_FAILED', message: 'the analysis ended with an error' };
}
