import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './process.ts';

/** One place in the source that is changed for a mutant build. */
export interface Mutation {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const rooms = ['core', 'protocol', 'carto', 'archive', 'uploader', 'twin', 'certs', 'agent', 'package.json'];

/** A build of the appliance in a temporary folder with some places of its source changed. */
export function mutantAppliance(mutations: readonly Mutation[]): {
  readonly main: string;
  readonly remove: () => void;
} {
  const folder = mkdtempSync(join(tmpdir(), 'vestibule-mutant-'));
  for (const room of rooms) cpSync(join(root, room), join(folder, room), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  for (const { file, from, to } of mutations) {
    const path = join(folder, file);
    const text = readFileSync(path, 'utf8');
    if (text.split(from).length !== 2) throw new Error(`"${from}" does not stand once in ${file}`);
    writeFileSync(path, text.replace(from, to));
  }
  return { main: join(folder, 'agent/main.ts'), remove: () => rmSync(folder, { recursive: true }) };
}
