import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../../core/digest.ts';

/** Model files small enough to be written by hand (onnx.proto3), good ones and bad ones. */

function varint(value: number): number[] {
  const bytes: number[] = [];
  let left = value;
  for (; left >= 0x80; left = Math.floor(left / 128)) bytes.push((left % 128) | 0x80);
  return [...bytes, left];
}
const number = (field: number, value: number) => [...varint(field * 8), ...varint(value)];
const bytes = (field: number, value: readonly number[]) => [
  ...varint(field * 8 + 2),
  ...varint(value.length),
  ...value,
];
const text = (field: number, value: string) => bytes(field, [...Buffer.from(value)]);

export interface NodeOf {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly domain?: string;
  /** Further fields of the node, encoded. */
  readonly more?: readonly number[];
}

const nodeOf = ({ op, inputs, output, domain, more = [] }: NodeOf) => [
  ...inputs.flatMap((name) => text(1, name)),
  ...text(2, output),
  ...text(4, op),
  ...(domain === undefined ? [] : text(7, domain)),
  ...more,
];

const floatPort = (name: string, shape: readonly (number | string)[]) => {
  const dims = shape.flatMap((size) => bytes(1, typeof size === 'number' ? number(1, size) : text(2, size)));
  return [...text(1, name), ...bytes(2, bytes(1, [...number(1, 1), ...bytes(2, dims)]))];
};

/** A model of these operators; ports are float32 of `rows` x `rows`, or of any size where it is absent. */
export function onnxOf(
  nodes: readonly NodeOf[],
  { initializers = [] }: { readonly initializers?: readonly (readonly number[])[] } = {},
): Uint8Array {
  const last = nodes.at(-1)!.output;
  const graph = [
    ...nodes.flatMap((node) => bytes(1, nodeOf(node))),
    ...text(2, 'tiny'),
    ...initializers.flatMap((tensor) => bytes(5, tensor)),
    ...bytes(11, floatPort('x', ['n', 'n'])),
    ...bytes(12, floatPort(last, ['n', 'n'])),
  ];
  return Uint8Array.from([...number(1, 8), ...bytes(7, graph), ...bytes(8, [...text(1, ''), ...number(2, 16)])]);
}

/** x times itself, so many times over. */
export function powerOf(times: number): Uint8Array {
  const name = (at: number) => (at === times ? 'y' : `h${at}`);
  return onnxOf(
    Array.from({ length: times }, (_, at) => ({
      op: 'MatMul',
      inputs: [at === 0 ? 'x' : name(at), 'x'],
      output: name(at + 1),
    })),
  );
}

export const encode = { number, bytes, text };

const base64 = (...values: number[]) => Buffer.from(Float32Array.from(values).buffer).toString('base64');

/** A bundle of `la-regions` around the square of a matrix, in a folder as bundles have it. Returns that folder. */
export function writeTinyBundle(
  models: string,
  {
    model = powerOf(1),
    ops = ['MatMul'],
    version = '1.0.0',
    golden = [7, 10, 15, 22],
    breakDigest = false,
    extra = {},
  }: {
    readonly model?: Uint8Array;
    readonly ops?: readonly string[];
    readonly version?: string;
    readonly golden?: readonly number[];
    readonly breakDigest?: boolean;
    readonly extra?: Readonly<Record<string, unknown>>;
  } = {},
): string {
  const folder = join(models, 'la-regions', version);
  mkdirSync(folder, { recursive: true });
  const port = (name: string) => ({ name, dtype: 'float32', shape: [-1, -1] });
  const files: Readonly<Record<string, Uint8Array>> = {
    'model.onnx': model,
    'golden.json': Buffer.from(
      JSON.stringify({
        schema: 1,
        cases: [
          {
            name: 'square',
            inputs: { x: { dtype: 'float32', shape: [2, 2], base64: base64(1, 2, 3, 4) } },
            outputs: { y: { dtype: 'float32', shape: [2, 2], base64: base64(...golden) } },
            tolerance: { absolute: 1e-4 },
          },
        ],
      }),
    ),
  };
  const digests = Object.entries(files).map(([name, content]) => [
    name,
    { sha256: breakDigest ? sha256('other') : sha256(content), bytes: content.length },
  ]);
  const manifest = {
    ...{ schema: 1, id: 'la-regions', version, task: 'test', created: '2026-01-01' },
    ...{ runtime: { opset: 16, ir: 8, ops }, inputs: [port('x')], outputs: [port('y')] },
    ...{
      labels: ['A', 'B'],
      units: 'mm',
      frame: 'LPS',
      preprocess: 'none',
      files: Object.fromEntries(digests),
      ...extra,
    },
  };
  for (const [name, content] of Object.entries({ ...files, 'manifest.json': JSON.stringify(manifest) })) {
    writeFileSync(join(folder, name), content);
  }
  return folder;
}
