import { env, InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import type { ChildAnswer, ChildOrder } from './messages.ts';
import type { Tensor, Tensors } from './tensor.ts';

/**
 * The inference process: holds sessions by key, runs one order at a time, one thread, on the processor. It reads no model
 * from disk, writes nothing, speaks to nobody but its parent, and ends with it.
 */
const sessions = new Map<string, InferenceSession>();
let turn = Promise.resolve();

if (process.env.ORT_DISABLE_TELEMETRY !== '1')
  throw new Error('the inference process was started without its environment');
env.logLevel = 'error';

process.on('disconnect', () => process.exit(0));
process.on('message', (order: ChildOrder) => {
  turn = turn.then(async () => {
    try {
      const outputs = await carryOut(order);
      say({ id: order.id, cpuMs: cpuMs(), outputs });
    } catch (error) {
      say({ id: order.id, cpuMs: cpuMs(), failure: error instanceof Error ? error.message : 'unknown' });
    }
  });
});

function say(answer: ChildAnswer): void {
  process.send?.(answer);
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

async function carryOut(order: ChildOrder): Promise<Tensors> {
  if (order.kind === 'load') {
    await sessions.get(order.key)?.release();
    sessions.set(order.key, await open(order.model));
    return {};
  }
  if (order.kind === 'forget') {
    await sessions.get(order.key)?.release();
    sessions.delete(order.key);
    return {};
  }
  const session = sessions.get(order.key);
  if (!session) throw new Error('no such model is loaded');
  const feeds = Object.fromEntries(Object.entries(order.inputs).map(([name, tensor]) => [name, toOrt(tensor)]));
  const outputs = await session.run(feeds);
  return Object.fromEntries(Object.entries(outputs).map(([name, tensor]) => [name, fromOrt(tensor)]));
}

function open(model: Uint8Array): Promise<InferenceSession> {
  return InferenceSession.create(model, {
    executionProviders: ['cpu'],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    enableCpuMemArena: false,
    enableMemPattern: false,
  });
}

function toOrt({ dtype, data, shape }: Tensor): OrtTensor {
  return dtype === 'float32' ? new OrtTensor('float32', data, shape) : new OrtTensor('int32', data, shape);
}

function fromOrt({ type, data, dims }: OrtTensor): Tensor {
  if (type === 'float32') return { dtype: 'float32', shape: dims, data: data as Float32Array };
  if (type === 'int32') return { dtype: 'int32', shape: dims, data: data as Int32Array };
  throw new Error(`an output of type ${type}`);
}
