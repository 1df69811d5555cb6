import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const project = join(import.meta.dirname, '..');
let isCompiled = false;

/**
 * A program of `bench/` as JavaScript, compiled as the package is: in a checkout each thread also holds Node's type
 * stripper (some 10 MiB) and strips what it loads, which no hospital's machine does. Compiles once per process.
 */
export function asPackaged(program: string): string {
  if (!isCompiled) execFileSync(join(project, 'node_modules/.bin/tsc'), ['-p', project], { stdio: 'inherit' });
  isCompiled = true;
  return join(project, 'dist/bench', `${program}.js`);
}
