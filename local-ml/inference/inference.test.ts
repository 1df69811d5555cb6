import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Gate } from '../../core/gate.ts';
import { temporaryFolder } from '../../core/testing/folder.ts';
import { encode, onnxOf, powerOf, writeTinyBundle } from '../testing/tiny-onnx.ts';
import { newestVersion, readBundle } from './bundle.ts';
import { defaultInferenceLimits, type InferenceLimits, InferenceProcess } from './inference-process.ts';
import { Models } from './models.ts';
import { inspectOnnx } from './onnx-guard.ts';
import { floats } from './tensor.ts';

async function tinyPlace(t: TestContext, limits: Partial<InferenceLimits> = {}, model?: Uint8Array) {
  const bundle = await readBundle(writeTinyBundle(temporaryFolder(t), model ? { model } : {}));
  const gate = new Gate();
  gate.open();
  const child = new InferenceProcess(gate, { ...defaultInferenceLimits, ...limits });
  t.after(() => child.stop());
  const work = gate.work('test');
  const run = new Models(child).runner(bundle, work);
  return { gate, child, work, bundle, run };
}

const square = floats(Float32Array.of(1, 2, 3, 4), 2, 2);
const large = (rows: number) => floats(new Float32Array(rows * rows).fill(1 / rows), rows, rows);
/** A letter: `T` stopped, `R` running, `S` sleeping; undefined when it is gone. */
const stateOf = (pid: number) =>
  existsSync(`/proc/${pid}`) ? /^State:\s+(\w)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] : undefined;

test('INFER-01: a bundle is read, passes its own golden outputs, and runs in a process of its own', async (t) => {
  const { bundle, child, work, run } = await tinyPlace(t);
  await new Models(child).selfTest(bundle, work);
  const { y } = await run({ x: square });
  assert.deepEqual([...y!.data], [7, 10, 15, 22]);
  assert.notEqual(child.pid, process.pid);
});

test('INFER-02: while it runs it holds no socket but the pipe to its parent, has no file open for writing, and has written none', async (t) => {
  const { child, run } = await tinyPlace(t);
  for (let n = 0; n < 20; n++) await run({ x: square });
  const pid = child.pid!;
  const links = readdirSync(`/proc/${pid}/fd`).map((fd) => [fd, readlinkSync(`/proc/${pid}/fd/${fd}`)] as const);
  const sockets = links.filter(([, target]) => target.startsWith('socket:'));
  assert.equal(sockets.length, 1, JSON.stringify(links));
  for (const [fd, target] of links.filter(([, to]) => to.startsWith('/') && !to.startsWith('/dev/'))) {
    const flags = Number.parseInt(/^flags:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8'))![1]!, 8);
    assert.equal(flags & 3, 0, `open for writing: ${target}`);
  }
  const inode = /socket:\[(\d+)\]/.exec(sockets[0]![1])![1]!;
  for (const table of ['tcp', 'tcp6', 'udp', 'udp6', 'raw', 'raw6', 'packet', 'netlink']) {
    const file = `/proc/${pid}/net/${table}`;
    if (existsSync(file)) assert.ok(!readFileSync(file, 'utf8').includes(inode), `its pipe is in ${table}`);
  }
  // Pages that it made dirty; what goes through its pipe is not among them.
  assert.match(readFileSync(`/proc/${pid}/io`, 'utf8'), /^write_bytes: 0$/m);
  assert.match(readFileSync(`/proc/${pid}/environ`, 'latin1'), /ORT_DISABLE_TELEMETRY=1/);
});

test('INFER-03: closing the gate freezes it, and the time that it stands still is not counted; it goes on when the gate opens', async (t) => {
  const { gate, child, work, run } = await tinyPlace(t, { deadlineMs: 8000 }, powerOf(60));
  await run({ x: square });
  const pid = child.pid!;
  const running = run({ x: large(700) });
  while (stateOf(pid) !== 'R') await new Promise(setImmediate);
  gate.close();
  assert.deepEqual(await gate.quiet(500), []);
  while (stateOf(pid) !== 'T') await new Promise(setImmediate);
  const ticks = () => readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ').slice(11, 13).join();
  const before = ticks();
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(ticks(), before);
  assert.ok(work.parked);
  gate.open();
  const { y } = await running;
  assert.ok(Math.abs(y!.data[0]! - 1 / 700) < 1e-5);
});

test('INFER-04: what takes too long is given up and killed; the next order gets a fresh process', async (t) => {
  const { child, run } = await tinyPlace(t, { deadlineMs: 5000 }, powerOf(60));
  await run({ x: square });
  const pid = child.pid!;
  await assert.rejects(run({ x: large(2500) }), { code: 'TIMED_OUT' });
  assert.equal(stateOf(pid), undefined);
  const { y } = await run({ x: floats(Float32Array.of(1), 1, 1) });
  assert.deepEqual([...y!.data], [1]);
  assert.notEqual(child.pid, pid);
});

test('INFER-05: it cannot take more memory than it is given; its end is an error of that order alone', async (t) => {
  const { run } = await tinyPlace(t, { maxDataBytes: 150 * 2 ** 20 }, powerOf(3));
  await assert.rejects(run({ x: large(5000) }), (error: { code?: string }) =>
    ['RUN_FAILED', 'CHILD_DIED'].includes(error.code ?? ''),
  );
  const { y } = await run({ x: floats(Float32Array.of(1), 1, 1) });
  assert.deepEqual([...y!.data], [1]);
});

test('INFER-05: after so many orders another process takes over, and it is told the model again', async (t) => {
  const { child, run } = await tinyPlace(t, { recycleAfter: 4 });
  const pids = new Set<number>();
  for (let n = 0; n < 8; n++) {
    await run({ x: square });
    pids.add(child.pid!);
  }
  assert.ok(pids.size >= 2);
});

test('INFER-06: an abort ends the order and the process', async (t) => {
  const { bundle, child, work } = await tinyPlace(t, {}, powerOf(60));
  const over = new AbortController();
  const run = new Models(child).runner(bundle, work, over.signal);
  const running = run({ x: large(1500) });
  setTimeout(() => over.abort(new Error('enough')), 100);
  await assert.rejects(running, { message: 'enough' });
  assert.equal(child.pid, undefined);
});

const node = (more: Partial<Parameters<typeof onnxOf>[0][number]> = {}) => ({
  op: 'MatMul',
  inputs: ['x', 'x'],
  output: 'y',
  ...more,
});
const attribute = (...fields: number[]) => encode.bytes(5, [...encode.text(1, 'a'), ...fields]);
const outside = [
  ...encode.bytes(13, [...encode.text(1, 'location'), ...encode.text(2, '/etc/passwd')]),
  ...encode.number(14, 1),
];

// biome-ignore format: the columns are the documentation
const refused: readonly (readonly [string, Uint8Array])[] = [
  ['weights in another file',            onnxOf([node()], { initializers: [outside] })],
  ['weights in another file, by place',  onnxOf([node()], { initializers: [encode.number(14, 1)] })],
  ['an attribute with such weights',     onnxOf([node({ more: attribute(...encode.bytes(5, outside)) })])],
  ['a loop',                             onnxOf([node({ op: 'Loop' })])],
  ['a graph in an attribute',            onnxOf([node({ more: attribute(...encode.bytes(6, [])) })])],
  ['an operator of another domain',      onnxOf([node({ domain: 'com.example' })])],
  ['an operator that draws lots',        onnxOf([node({ op: 'RandomNormal' })])],
  ['no operator',                        Uint8Array.from([...encode.number(1, 8), ...encode.bytes(7, [])])],
  ['functions',                          Uint8Array.from([...onnxOf([node()]), ...encode.bytes(25, [])])],
  ['nothing',                            new Uint8Array()],
  ['half a file',                        onnxOf([node()]).subarray(0, 40)],
  ['text',                               new Uint8Array(Buffer.from('{"a":1} not a model at all'))],
];

for (const [name, model] of refused) {
  test(`MODEL-01: ${name}: refused before the runtime sees it`, () => {
    assert.throws(() => inspectOnnx(model));
  });
}

test('MODEL-01: what is asked is read from the file itself', () => {
  assert.deepEqual(inspectOnnx(powerOf(3)), { ir: 8, opset: 16, ops: ['MatMul'], nodes: 3 });
});

// biome-ignore format: the columns are the documentation
const flawed: readonly (readonly [string, Parameters<typeof writeTinyBundle>[1], string])[] = [
  ['another digest',               { breakDigest: true },                                  'BUNDLE_DAMAGED'],
  ['other operators than declared', { ops: ['Add', 'MatMul'] },                            'BUNDLE_REFUSED'],
  ['a manifest of nonsense',       { extra: { inputs: 'none' } },                          'BUNDLE_DAMAGED'],
  ['another unit',                 { extra: { units: 'cm' } },                             'BUNDLE_DAMAGED'],
  ['a name that leads out',        { extra: { files: { '../model.onnx': { sha256: '0'.repeat(64), bytes: 1 } } } }, 'BUNDLE_DAMAGED'],
  ['too many bytes',               { extra: { files: { 'model.onnx': { sha256: '0'.repeat(64), bytes: 6e6 } } } }, 'BUNDLE_REFUSED'],
  ['a model from nowhere',         { extra: { files: { 'other.onnx': { sha256: '0'.repeat(64), bytes: 5 } } } }, 'BUNDLE_MISSING'],
];

for (const [name, options, code] of flawed) {
  test(`MODEL-02: a bundle with ${name}: ${code}`, async (t) => {
    await assert.rejects(readBundle(writeTinyBundle(temporaryFolder(t), options)), { code });
  });
}

test('MODEL-02: a model that does not give its golden outputs here fails its self-test', async (t) => {
  const models = temporaryFolder(t);
  const bundle = await readBundle(writeTinyBundle(models, { golden: [7, 10, 15, 22.001] }));
  const { child, work } = await tinyPlace(t);
  await assert.rejects(new Models(child).selfTest(bundle, work), { code: 'SELF_TEST_FAILED' });
});

test('MODEL-03: the newest version is by number, not by letter; a folder without bundles has none', async (t) => {
  const models = temporaryFolder(t);
  for (const version of ['1.9.0', '1.10.0', '0.99.99']) writeTinyBundle(models, { version });
  assert.equal(await newestVersion(models, 'la-regions'), '1.10.0');
  assert.equal(await newestVersion(join(models, 'none'), 'la-regions'), undefined);
});
