import { readdirSync, readFileSync } from 'node:fs';
import { Gate } from '../core/gate.ts';
import { Analyser } from '../local-ml/index.ts';

/** `analysis-process.ts EXPORT RUNS`: analyses an export so many times in one process; prints the time of each and memory. */
const [path = '', runs = '1'] = process.argv.slice(2);
const gate = new Gate();
gate.open();
const analyser = new Analyser({ gate });
using work = gate.work('bench');
const { signal } = new AbortController();
const seconds: number[] = [];
const cpuSeconds: number[] = [];
let childMiB = 0;
let vertices = 0;
let abstentions = '';
for (let n = 0; n < Number(runs); n++) {
  const before = process.cpuUsage();
  const startedMs = performance.now();
  const { findings } = await analyser.analyse({ kind: 'export', path }, { work, signal });
  seconds.push((performance.now() - startedMs) / 1000);
  const { user, system } = process.cpuUsage(before);
  cpuSeconds.push((user + system) / 1e6);
  vertices = findings.input.vertices;
  abstentions = findings.abstentions.map(({ of, reason }) => `${of}:${reason}`).join();
  childMiB = Math.max(childMiB, ...children(process.pid).map(peakMiB));
}
const ownMiB = peakMiB(process.pid);
await analyser.stop();
console.log(JSON.stringify({ seconds, cpuSeconds, ownMiB, childMiB, vertices, abstentions }));

function children(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number),
  );
}

function peakMiB(pid: number): number {
  return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
}
