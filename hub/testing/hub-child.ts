import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../core/clock.ts';
import { runUntilSignalled } from '../../core/lifecycle.ts';
import { silentLog } from '../../core/log.ts';
import { Hub } from '../hub.ts';
import { hubSettingsSchema } from '../settings.ts';

/** A hub as a process of its own, to be killed by a test: `hub-child.ts FOLDER`. Prints its ports as one line of JSON. */
const folder = process.argv[2] as string;
const settings = hubSettingsSchema.parse(JSON.parse(readFileSync(join(folder, 'settings.json'), 'utf8')));
const hub = new Hub({ clock: systemClock, log: silentLog, folder: join(folder, 'hub'), settings });
await hub.start(new AbortController().signal);
console.log(JSON.stringify({ mqttPort: hub.mqttPort, httpsPort: hub.httpsPort }));
await runUntilSignalled(() => hub.stop());
