import type { Application } from './ablation.ts';
import { milli, table } from './format.ts';
import { framesPerS, type Site, voxelCentre } from './site.ts';
import type { SimulatedStudy } from './study.ts';
import { channel, positionColumns, positionTables } from './write-lesion-positions.ts';
import { presetNames, writeDisplay, writeFormulas, writePresets, writeSettings } from './write-visitag-settings.ts';

/** Every file of the lesion folder, by name. What was burnt with high power is in sibling tables. */
export function writeVisiTag(study: SimulatedStudy): LesionFile[] {
  const { visiTag } = study.generation;
  const { presetName } = study.names;
  const modes = visiTag.highPower ? [false, true] : [false];
  const tables = modes.flatMap((highPower) => {
    const suffix = highPower ? '_QMODE+' : '';
    const applications = study.applications.filter((application) => application.highPower === highPower);
    const written = tablesOf({ ...study, applications }, visiTag.index && !highPower);
    return written.map(([name, content]): LesionFile => [`${name}${suffix}.txt`, content]);
  });
  return [
    ...tables,
    ['VisiTagDisplay.txt', writeDisplay()],
    ['VisiTagPresets.txt', writePresets(presetName, visiTag.index)],
    ['VisiTagSettings.txt', writeSettings(presetName, visiTag.index)],
    ...(visiTag.index ? [['fpti-formulas.xml', writeFormulas()] as const] : []),
  ];
}

/** A file of the lesion folder; a large one comes in pieces. */
type LesionFile = readonly [name: string, content: Buffer | Iterable<Buffer>];

function tablesOf(study: SimulatedStudy, hasIndex: boolean): LesionFile[] {
  const { applications } = study;
  return [
    ['Sites', writeSites(applications, hasIndex)],
    ['AblationSites', writeSpans(applications)],
    ['VisiTagSessions', writeSessions(study)],
    ['AblationData', writeAblation(applications)],
    ['ContactForceData', writeForce(applications)],
    ['Grids', writeGrids(applications)],
    ...positionTables(study),
    ['AdjustedPositions', table(positionColumns, [])],
    ['EndExpiriums', table(positionColumns, [])],
  ];
}

function eachSite<T>(applications: readonly Application[], make: (session: string, site: Site) => T): T[] {
  return applications.flatMap(({ session, sites }) => sites.map((site) => make(String(session), site)));
}

function writeSites(applications: readonly Application[], hasIndex: boolean): Buffer {
  const columns = [
    ...['Session', 'ChannelID', 'SiteIndex', 'X', 'Y', 'Z', 'DurationTime', 'AverageForce', 'MaxTemperature'],
    ...['MaxPower', 'BaseImpedance', 'ImpedanceDrop', 'FTI'],
    ...(hasIndex ? ['RFIndex', 'TagIndexStatus'] : []),
  ];
  const rows = eachSite(applications, (session, site) => [
    session,
    channel,
    String(site.index),
    ...[...site.place, site.durationS, site.averageForceG, site.maxTemperatureC, site.maxPowerW].map(milli),
    ...[site.baseImpedanceOhm, site.impedanceDropOhm, site.forceTimeGs].map(milli),
    ...(hasIndex ? [milli(site.tagIndex), '1'] : []),
  ]);
  return table(columns, rows);
}

function writeSpans(applications: readonly Application[]): Buffer {
  const columns = [
    ...['Session', 'ChannelID', 'SiteIndex'],
    ...['FirstPosTimeStamp', 'FirstPosPassedFilterTimeStamp', 'LastPosTimeStamp'],
  ];
  const rows = eachSite(applications, (session, { index, firstMs, lastMs }) =>
    [session, channel, index, firstMs, firstMs + 3000, lastMs].map(String),
  );
  return table(columns, rows, 30);
}

function writeSessions({ applications, names }: SimulatedStudy): Buffer {
  const columns = ['SessionId', 'StartTs', 'EndTs', 'PresetName', 'PresetId', 'Comment'];
  const presets = presetNames(names.presetName);
  const rows = applications.map(({ session, startMs, endMs, preset }) =>
    [session, startMs, endMs, presets[preset], preset, names.comment].map(String),
  );
  return table(columns, rows);
}

function writeAblation(applications: readonly Application[]): Buffer {
  const columns = [
    ...['TimeStamp', 'Session', 'ChannelID', 'Polarity'],
    ...['Impedance', 'Power', 'DistalTemperature', 'ProximalTemperature'],
  ];
  const rows = applications.flatMap(({ session, ablation }) =>
    ablation.map(({ atMs, impedanceOhm, powerW, temperatureC }) => [
      String(atMs),
      String(session),
      channel,
      'UNI',
      ...[impedanceOhm, powerW, temperatureC, 0].map(milli),
    ]),
  );
  return table(columns, rows);
}

function writeForce(applications: readonly Application[]): Buffer {
  const columns = [
    ...['Time', 'Session', 'ChannelID', 'Force', 'AxialAngle', 'LateralAngle'],
    ...['InAccurateSeverity', 'MetalSeverity', 'NeedZeroing'],
  ];
  const rows = applications.flatMap(({ session, force }) =>
    force.map(({ atMs, forceG, axialRad, lateralRad }) => [
      String(atMs),
      String(session),
      channel,
      ...[forceG, axialRad, lateralRad].map(milli),
      ...['0', '0', '0'],
    ]),
  );
  return table(columns, rows);
}

/** One row per voxel that the tip was in: its longest and total time there, and the maxima of the sites that touched it. */
function writeGrids(applications: readonly Application[]): Buffer {
  const columns = [
    ...['UniqID', 'X', 'Y', 'Z', 'MaxTime', 'TotalTime'],
    ...['MaxImpedance', 'MaxTemperature', 'MaxPower', 'MaxAverageForce'],
  ];
  const voxels = new Map<number, { site: Site; frames: number }[]>();
  for (const site of applications.flatMap(({ sites }) => sites)) {
    for (const [code, frames] of site.frames) {
      const visits = voxels.get(code);
      if (visits) visits.push({ site, frames });
      else voxels.set(code, [{ site, frames }]);
    }
  }
  const rows = [...voxels].map(([code, visits]) => {
    const most = (value: (site: Site) => number) => Math.max(...visits.map(({ site }) => value(site)));
    const seconds = visits.map(({ frames }) => frames / framesPerS);
    const numbers = [
      ...voxelCentre(code),
      Math.max(...seconds),
      seconds.reduce((sum, value) => sum + value, 0),
      most((site) => site.maxImpedanceOhm),
      most((site) => site.maxTemperatureC),
      most((site) => site.maxPowerW),
      most((site) => site.averageForceG),
    ];
    return [String(code), ...numbers.map(milli)];
  });
  return table(columns, rows);
}
