import { parentPort, workerData } from 'node:worker_threads';
import { codeOf, GatewayError } from '../../core/errors.ts';
import { attachGate, sharedMs } from '../../core/gate-flag.ts';
import { loadBehindGate } from '../../core/gated-loading.ts';
import { lowerOwnPriority } from '../../core/priority.ts';
import { withinShare } from '../../core/work-share.ts';
import { ModelError } from '../inference/model-error.ts';
import type { RunModel, Tensors } from '../inference/tensor.ts';
import { lookWith } from '../look.ts';
import type { AnalysisJob, AnalysisResult, AnalysisThreadData, FromThread, ModelId, ToThread } from './messages.ts';

/**
 * The thread of the analysis: reads the study, computes, and asks the daemon to run models. It passes the gate between
 * pieces of work; while it waits there it sleeps and says so. What it needs it loads with its first case, behind the gate.
 */
const port = parentPort;
if (!port) throw new Error('the analysis runs as a thread only');

const say = (message: FromThread) => port.postMessage(message);
const { gate: flag, cpuPercent } = workerData as AnalysisThreadData;
const gate = attachGate(flag, (changes) => say({ kind: 'parked', changes, atMs: sharedMs() }));
/** What the models have used of the processor, in their own process: it counts as this thread's. */
let modelsMs = 0;
const checkpoint = withinShare(() => gate.pass(), gate, { percent: cpuPercent, besideMs: () => modelsMs });
const waiting = new Map<
  number,
  { readonly resolve: (outputs: Tensors) => void; readonly reject: (error: unknown) => void }
>();
let lastId = 0;

lowerOwnPriority();
loadBehindGate(() => gate.standStill());
lookWith(() => gate.standStill());
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
  if (message.kind === 'ran') {
    modelsMs = message.cpuMs;
    resolve(message.outputs);
  } else reject(new ModelError(message.code as ModelError['code'], 'the model could not be run'));
});

async function carryOut(job: AnalysisJob): Promise<AnalysisResult> {
  await checkpoint();
  const { analyseCase } = await import('./case.ts');
  return analyseCase(job, { checkpoint, runner });
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
