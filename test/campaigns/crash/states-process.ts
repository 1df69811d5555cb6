import { loadRecording } from './record.ts';
import { checkStates, type StatesOrder } from './states.ts';

/** A process that checks its part of the states: `states-process.ts FOLDER ORDER`, the order and the report as JSON. */
const [, , folder = '', order = ''] = process.argv;
const report = await checkStates(loadRecording(folder), JSON.parse(order) as StatesOrder);
process.stdout.write(JSON.stringify(report));
