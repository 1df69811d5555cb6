import { silentLog } from '../../core/log.ts';
import { Ledger } from '../ledger.ts';
import { someEntry } from './ledger.ts';

/** Run as a process: detects entries, many in flight, and writes the id of each acknowledged case to stdout. */
const path = process.argv[2];
if (path !== undefined) {
  const ledger = await Ledger.open({ path, log: silentLog });
  const lane = async (name: number) => {
    for (let n = 0; ; n++) {
      const { caseId } = await ledger.detect(someEntry({ entryKey: `lane-${process.pid}-${name}-${n}` }));
      process.stdout.write(`${caseId}\n`);
    }
  };
  await Promise.all(Array.from({ length: 16 }, (_, name) => lane(name)));
}
