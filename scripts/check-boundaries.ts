/**
 * Checks who imports whom (ARCHITECTURE.md, "Arrows"): each room lists the rooms it may import, other rooms are entered
 * through their door, and the value imports of the product have no cycle. Exit 1 and one line per finding.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Rooms without a door: any file of theirs may be imported. */
const open = new Set(['core', 'protocol']);

// biome-ignore format: the columns are the documentation
const mayImport: Readonly<Record<string, readonly string[]>> = {
  core:     [],
  protocol: ['core'],
  twin:     ['core', 'protocol'],
  certs:    ['core', 'protocol'],
  carto:    ['core', 'protocol'],
  archive:  ['core', 'protocol', 'carto'],
  uploader: ['core', 'protocol', 'carto', 'archive'],
  'local-ml': ['core', 'protocol', 'carto', 'archive'],
  agent:    ['core', 'protocol', 'carto', 'archive', 'uploader', 'local-ml', 'twin', 'certs'],
  hub:      ['core', 'protocol', 'carto', 'archive'],
  receiver: ['core', 'protocol', 'carto', 'archive'],
  cloud:    ['core', 'protocol', 'carto', 'archive', 'hub', 'receiver'],
  scripts:  ['core', 'protocol', 'carto', 'archive', 'uploader', 'local-ml', 'agent', 'twin', 'certs', 'hub', 'receiver', 'cloud'],
  test:     ['core', 'protocol', 'carto', 'archive', 'uploader', 'local-ml', 'agent', 'twin', 'certs', 'hub', 'receiver', 'cloud', 'scripts'],
  bench:    ['core', 'protocol', 'carto', 'archive', 'uploader', 'local-ml', 'agent', 'twin', 'certs', 'hub', 'receiver', 'cloud', 'test', 'scripts'],
};

/** Packages that only one place may load, with that place. */
const reserved: readonly (readonly [string, RegExp])[] = [
  ['better-sqlite3', /^core\/database\.ts$/],
  ['node:sqlite', /^$/],
];

interface Import {
  readonly from: string;
  readonly target: string;
  readonly typeOnly: boolean;
}

function files(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8');
  const found: Import[] = [];
  for (const match of text.matchAll(
    /^\s*(?:import|export)\s+(type\s)?[^'";]*?from\s+'([^']+)'|import\s*\(\s*'([^']+)'|^import\s+'([^']+)'/gm,
  )) {
    found.push({ from: file, target: match[2] ?? match[3] ?? match[4] ?? '', typeOnly: match[1] !== undefined });
  }
  return found;
}

const isTest = (file: string) => file.endsWith('.test.ts') || file.split('/').includes('testing');
const roomOf = (file: string) => file.split('/')[0] ?? '';
const local = (one: Import) => relative(root, resolve(root, dirname(one.from), one.target));

function complaintOf(one: Import): string | undefined {
  if (!one.target.startsWith('.')) {
    const rule = reserved.find(([name]) => one.target === name);
    if (!rule || rule[1].test(one.from) || one.typeOnly || isTest(one.from)) return undefined;
    return `${one.from} loads ${one.target}, which only ${rule[1].source} may`;
  }
  const [mine, theirs] = [roomOf(one.from), roomOf(local(one))];
  if (mine === theirs || isTest(one.from)) return undefined;
  if (!mayImport[mine]?.includes(theirs))
    return `${one.from} imports ${local(one)}: no arrow from ${mine} to ${theirs}`;
  const free = open.has(theirs) || ['scripts', 'test', 'bench'].includes(mine);
  if (!free && local(one) !== `${theirs}/index.ts`)
    return `${one.from} imports ${local(one)}: use the door ${theirs}/index.ts`;
  return undefined;
}

function cycleOf(imports: readonly Import[]): string | undefined {
  const edges = new Map<string, string[]>();
  for (const one of imports.filter(
    (candidate) => !candidate.typeOnly && candidate.target.startsWith('.') && !isTest(candidate.from),
  )) {
    edges.set(one.from, [...(edges.get(one.from) ?? []), local(one)]);
  }
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): string | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file].join(' -> ');
    if (done.has(file)) return undefined;
    done.add(file);
    for (const next of edges.get(file) ?? []) {
      const cycle = visit(next, [...path, file]);
      if (cycle) return cycle;
    }
    return undefined;
  };
  for (const file of edges.keys()) {
    const cycle = visit(file, []);
    if (cycle) return `import cycle: ${cycle}`;
  }
  return undefined;
}

const imports = Object.keys(mayImport).flatMap(files).flatMap(importsOf);
const complaints = imports.map(complaintOf).filter((complaint) => complaint !== undefined);
const cycle = cycleOf(imports);
if (cycle) complaints.push(cycle);
for (const complaint of complaints) console.error(complaint);
console.log(`boundaries: ${imports.length} imports checked, ${complaints.length} complaints`);
process.exitCode = complaints.length > 0 ? 1 : 0;
