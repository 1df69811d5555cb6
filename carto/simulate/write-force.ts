import { crlf, short, tabbed, toCp1252 } from './format.ts';
import type { PointForceSample } from './point-force.ts';
import { forceOf, type MeasuredPoint } from './points.ts';
import type { SimulatedMap, SimulatedStudy } from './study.ts';
import { pointFileNames } from './write-points.ts';

const columns = [
  ...['Index', 'Time', 'Timestamp', 'ForceValue', 'AxialAngle', 'LateralAngle'],
  ...['MetalSeverity', 'InAccurateSeverity', 'NeedZeroing'],
];

/** `<map>_P<id>_ContactForce.txt`: the force around a point that was taken with the ablation catheter. */
export function writePointForce(study: SimulatedStudy, map: SimulatedMap, point: MeasuredPoint): Buffer {
  const { samples, graph, nonGraph } = forceOf(point.recording, point.tip!.meanForceG);
  const { date, time } = study.stamp;
  return toCp1252(
    crlf([
      `${pointFileNames(study, map, point).force}_2.0`,
      tabbed(['Rate=50', `Number =${samples.length}`, `Date:${date}`, `Point Time:${time}`, `System Time:${time}`]),
      'Mode=0',
      'IntervalGraph=100',
      tabbed([graph.stampMs, ...valuesOf(graph)]),
      'IntervalNonGraph=1000',
      tabbed([nonGraph.stampMs, ...valuesOf(nonGraph)]),
      tabbed(columns),
      ...samples.map((sample, n) => tabbed([n + 1, sample.timeMs, sample.stampMs, ...valuesOf(sample)])),
    ]),
  );
}

function valuesOf(sample: PointForceSample): (string | number)[] {
  return [short(sample.forceG), sample.axialDeg, sample.lateralDeg, 0, 0, 0];
}
