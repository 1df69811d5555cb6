import { passAlways } from '../../core/gate-flag.ts';
import { eachEcg } from '../read/each-ecg.ts';
import { readStudy } from '../read/read-study.ts';
import { hugeSource, hugest } from './huge-source.ts';

/**
 * A process of its own: reads a made-up export whole (the study, every signal once, the largest table in parts) and
 * prints how much it was and the most memory that this process ever held. `read-huge.ts POINTS ECG_BYTES TABLE_BYTES CELL_WIDTH`;
 * without numbers ten gigabytes in twenty thousand files.
 */
const [points = hugest.points, ecgBytes = hugest.ecgBytes, tableBytes = hugest.tableBytes, cellWidth = 30] =
  process.argv.slice(2).map(Number);
const source = hugeSource({ points, ecgBytes, tableBytes, cellWidth });
const started = performance.now();
const study = await readStudy(source, passAlways);
let samples = 0;
for (const { load } of eachEcg(study)) samples += (await load())?.samples ?? 0;
let rows = 0;
for (const { recording } of study.maps.flatMap((map) => map.points)) {
  rows += (await recording?.loadContactForce())?.trace.rows ?? 0;
  for (const track of recording?.tracks ?? []) rows += (await track.load())?.rows ?? 0;
}
for await (const part of study.visiTag?.rowsOf('all-positions-in-grids') ?? []) rows += part.rows;
console.log(
  JSON.stringify({
    files: source.files.length,
    bytes: source.files.reduce((total, file) => total + file.bytes, 0),
    largestBytes: Math.max(...source.files.map((file) => file.bytes)),
    samples,
    rows,
    seconds: (performance.now() - started) / 1000,
    peakMiB: process.resourceUsage().maxRSS / 1024,
  }),
);
