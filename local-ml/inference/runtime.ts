import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** Name and version of what runs the models. */
export function runtimeName(): string {
  const file = createRequire(import.meta.url).resolve('onnxruntime-node/package.json');
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string };
  return `onnxruntime-node ${version}, cpu, 1 thread`;
}

/** Extensions that decide in which order the runtime adds numbers up. */
const telling = [
  'sse4_2',
  'avx',
  'f16c',
  'fma',
  'avx2',
  'avx512f',
  'avx512_vnni',
  'avx512_bf16',
  'amx_tile',
  'asimd',
  'sve',
];

/** The processor's architecture and those of its extensions that matter here. */
export function instructionSet(): string {
  const text = readCpuInfo();
  const flags = new Set((/^(?:flags|Features)\s*:\s*(.*)$/m.exec(text)?.[1] ?? '').split(' '));
  return [process.arch, ...telling.filter((flag) => flags.has(flag))].join(' ');
}

function readCpuInfo(): string {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    return '';
  }
}
