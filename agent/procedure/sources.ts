import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { SourceName } from '../../protocol/control.ts';
import type { ButtonLeases } from './button/source.ts';
import { EventEvidence } from './event-evidence.ts';
import type { EvidenceSource } from './evidence.ts';
import type { ProcedureSettings } from './settings.ts';
import { suspendedMs } from './suspension.ts';

interface Deps {
  readonly settings: ProcedureSettings;
  /** Folder of what has to outlive the process. */
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
  /** The site's key; what digests are made with is derived from it. */
  readonly siteKey: Uint8Array;
  /** Never watched as activity. */
  readonly inboxes: readonly string[];
}

/** Makes the sources: each calls `onChange` when it says something else, and one may take or release its own lease. */
export type MakeSources = (onChange: () => void, leases: ButtonLeases) => readonly EvidenceSource[];

/** Makes the sources that the site's file names, and loads the code of those alone. */
export async function sourcesOf(deps: Deps): Promise<MakeSources> {
  const { settings, folder, clock, log, siteKey, inboxes } = deps;
  const secret = createHmac('sha256', siteKey).update('procedure evidence').digest();
  const made: ((...args: Parameters<MakeSources>) => EvidenceSource)[] = [];
  const evidenceOf = (source: SourceName, busyMinutes: number) =>
    new EventEvidence({
      ...{ source, clock, secret, path: join(folder, `${source}.json`), busyMs: busyMinutes * 60_000 },
    });
  const { hl7 } = settings;
  if (hl7) {
    const { hl7Source } = await import('./hl7/source.ts');
    const evidence = evidenceOf('hl7', hl7.busyMinutes);
    made.push((onChange) => hl7Source({ settings: hl7, evidence, clock, log, onChange }));
  }
  const { mpps } = settings;
  if (mpps) {
    const { mppsSource } = await import('./mpps/source.ts');
    const evidence = evidenceOf('mpps', mpps.busyMinutes);
    made.push((onChange) => mppsSource({ settings: mpps, evidence, clock, log, onChange }));
  }
  const { timetable } = settings;
  if (timetable) {
    const { TimetableSource } = await import('./timetable/source.ts');
    const slept = () => suspendedMs(clock);
    made.push((onChange) => new TimetableSource({ settings: timetable, clock, log, onChange, suspendedMs: slept }));
  }
  const { neighbours } = settings;
  if (neighbours) {
    const { NeighbourSource } = await import('./neighbours.ts');
    made.push(() => new NeighbourSource({ settings: neighbours, clock }));
  }
  const { activityFolders } = settings;
  if (activityFolders) {
    const { ActivitySource } = await import('./activity/source.ts');
    made.push((onChange) => new ActivitySource({ settings: activityFolders, clock, log, onChange, inboxes }));
  }
  const { load } = settings;
  if (load) {
    const { LoadSource } = await import('./load.ts');
    made.push((onChange) => new LoadSource({ settings: load, clock, log, onChange }));
  }
  const { button } = settings;
  if (button) {
    const { ButtonSource } = await import('./button/source.ts');
    made.push((onChange, leases) => new ButtonSource({ settings: button, clock, log, onChange, leases }));
  }
  return (onChange, leases) => made.map((make) => make(onChange, leases));
}
