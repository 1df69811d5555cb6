import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { World } from './world.ts';

/** Starts the hub of a world in a process of its own, on the world's folder, and notes its ports. */
export async function startApart(world: World): Promise<ChildProcess> {
  await writeFile(join(world.folder, 'settings.json'), JSON.stringify(world.settings));
  const script = fileURLToPath(new URL('hub-child.ts', import.meta.url));
  const child = spawn(process.execPath, [script, world.folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  world.ports = JSON.parse(line) as World['ports'];
  return child;
}

/** Ends it, and waits until it is gone. */
export async function endApart(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await gone;
}
