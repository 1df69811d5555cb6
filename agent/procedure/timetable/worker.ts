import { parentPort, workerData } from 'node:worker_threads';
import { type Slot, takenSlots } from './calendar.ts';

/** One calendar, read beside the main thread: a long series takes longer than somebody beside the table waits. */
const { text, window } = workerData as { readonly text: string; readonly window: Slot };
parentPort?.postMessage(takenSlots(text, window));
