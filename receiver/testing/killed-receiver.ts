/**
 * A receiver in a process of its own, for tests that kill it. One argument: a JSON object with `folder`, `settings` and
 * perhaps `killAt`: the step at which the process kills itself. Prints its log, and `ready` once it can be
 * told to stop.
 */
import { systemClock } from '../../core/clock.ts';
import { runUntilSignalled } from '../../core/lifecycle.ts';
import { openLog } from '../../core/log.ts';
import { Engine, type Ports } from '../engine.ts';
import { openPorts } from '../receiver.ts';
import { receiverSettingsSchema } from '../settings.ts';
import { dieAt, type KillPoint } from './kill-points.ts';

const task = JSON.parse(process.argv[2] ?? '{}') as { folder: string; settings: unknown; killAt?: KillPoint };
const settings = receiverSettingsSchema.parse(task.settings);
const log = openLog({ fd: 1 });
const { ports, close } = await openPorts({ clock: systemClock, log, folder: task.folder, settings });
const deadly: Ports = task.killAt ? dieAt(ports, task.killAt) : ports;
const engine = new Engine({ clock: systemClock, log, settings, ...deadly });
await engine.start(new AbortController().signal);
const ended = runUntilSignalled(() => engine.stop());
console.log('ready');
await ended;
close();
