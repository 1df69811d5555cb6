import type { UnsupportedKind } from '../protocol/profile.ts';

/**
 * What a file of an export is, told by its name, and the name told by what it is. Map names are free text (blanks,
 * dashes, dots, `_`), so a name is never split: the known map names are tried, longest first, since `1-Map` begins
 * `1-Map2`.
 */

export const visiTagTables = {
  sites: 'Sites',
  'ablation-sites': 'AblationSites',
  'visitag-sessions': 'VisiTagSessions',
  'ablation-data': 'AblationData',
  'contact-force-data': 'ContactForceData',
  grids: 'Grids',
  'adjusted-positions': 'AdjustedPositions',
  'end-expiriums': 'EndExpiriums',
  'raw-positions': 'RawPositions',
  'positions-data': 'PositionsData',
  'all-positions-in-grids': 'AllPositionInGrids',
  'visitag-display': 'VisiTagDisplay',
  'visitag-presets': 'VisiTagPresets',
  'visitag-settings': 'VisiTagSettings',
} as const;
export type VisiTagKind = keyof typeof visiTagTables;

/** Kinds that are known and stay behind, each for a reason of its own. */
export type LeftOutKind =
  | 'paso-other' // files of a pace mapping export that are not documented
  | 'visitag-pfa' // tables of pulsed field ablation, which are not documented
  | 'temperatures-in-rf' // tables of a catheter generation that are not documented
  | 'nmarq-mapping' // holds nothing unless that catheter was used; its rows are not documented
  | 'unreferenced-mesh' // no map and no imported surface names it
  | 'visitag-other' // tables of VisiTag generations that are not documented
  | 'outside' // beside or above the folder of the study XML
  | 'unknown';

/**
 * Digits as they stand in a name: a point's id, or the study clock in ms, never both. They go on into the new name: as in
 * the fields that hold them, more digits than these need are something else.
 */
export interface RecordingKey {
  readonly point?: string;
  readonly time?: string;
}

export type FileIdentity =
  | { readonly kind: 'study' }
  | { readonly kind: 'mesh'; readonly map: string; readonly part: number }
  | { readonly kind: 'shell'; readonly name: string }
  | { readonly kind: 'car' | 'points-index'; readonly map: string }
  | { readonly kind: 'point'; readonly map: string; readonly key: RecordingKey }
  | { readonly kind: 'ecg' | 'contact-force'; readonly map: string; readonly key: RecordingKey }
  | ({ readonly kind: 'electrode-positions' | 'sensor-positions'; readonly map: string } & Track)
  | { readonly kind: 'rf' | 'contact-force-in-rf'; readonly map: string; readonly ordinal: string }
  | { readonly kind: VisiTagKind; readonly variant: '' | '_QMODE+' }
  | { readonly kind: 'fpti-formulas' }
  // Pace mapping. Its templates hold real dates, and names that staff typed, which may be those of their files too.
  | { readonly kind: 'paso-configuration' }
  | { readonly kind: 'paso-template'; readonly name: string }
  | { readonly kind: 'paso-correlations'; readonly of: 'ISIS' | 'PMIS' }
  | { readonly kind: UnsupportedKind; readonly name: string }
  | { readonly kind: Exclude<LeftOutKind, UnsupportedKind> };

export interface Track {
  readonly key: RecordingKey;
  readonly connector: string;
  /** The vendor's word, which is usually misspelt. */
  readonly word: string;
  readonly onAnnotation: boolean;
}

export type FileKind = FileIdentity['kind'];

/** The names that only the study XML tells. */
export interface StudyNames {
  readonly maps: readonly { readonly name: string; readonly meshFiles: readonly string[] }[];
  readonly shells: readonly string[];
}

/** No file system has longer names; a reference may be as long as an attribute. */
const maxNameLength = 1024;

/** Tells what files are. Names are compared in Unicode's composed form. */
export class FileClassifier {
  readonly #maps: readonly { readonly name: string; readonly written: string }[];
  readonly #meshes = new Map<string, { readonly map: string; readonly part: number }>();
  readonly #shells: ReadonlySet<string>;

  constructor(names: StudyNames) {
    this.#maps = names.maps
      .map(({ name }) => ({ name, written: name.normalize('NFC') }))
      .sort((a, b) => b.name.length - a.name.length);
    this.#shells = new Set(names.shells.map((name) => name.normalize('NFC')));
    for (const { name, meshFiles } of names.maps) {
      for (const [part, file] of meshFiles.entries()) this.#meshes.set(file.normalize('NFC'), { map: name, part });
      const usual = `${name}.mesh`.normalize('NFC');
      if (!this.#meshes.has(usual)) this.#meshes.set(usual, { map: name, part: 0 });
    }
  }

  /** `path`: relative to the folder that holds the study XML, which itself is not asked about. */
  identify(path: string): FileIdentity {
    const parts = path.normalize('NFC').split('/');
    const [name = '', folder = ''] = parts.reverse();
    if (parts.length > 2) return { kind: 'unknown' };
    if (folder === '') return this.#flat(name);
    if (/^(?:VisiTag|WiseTag)\w*$/i.test(folder)) return visiTagFile(name);
    return /^PaSo\w*$/i.test(folder) ? pasoFile(name) : { kind: 'unknown' };
  }

  #flat(name: string): FileIdentity {
    if (/^RF_CARTO_TO_\w+_SESSIONS_MAPPING\.txt$/i.test(name)) return { kind: 'nmarq-mapping', name };
    if (name.toLowerCase().endsWith('.mesh')) return this.#surface(name);
    if (name.length > maxNameLength) return { kind: 'unknown' };
    for (const { name: map, written } of this.#maps) {
      const identity = ofMap(name, map, written);
      if (identity) return identity;
    }
    return { kind: 'unknown' };
  }

  #surface(name: string): FileIdentity {
    const owner = this.#meshes.get(name);
    if (owner) return { kind: 'mesh', ...owner };
    return this.#shells.has(name) ? { kind: 'shell', name } : { kind: 'unreferenced-mesh' };
  }
}

/** `written`: the map's name in Unicode's composed form. */
function ofMap(name: string, map: string, written: string): FileIdentity | undefined {
  if (name.startsWith(`${written}_`)) return recordingFile(name.slice(written.length), map);
  for (const [lead, kind] of [
    ['RF_', 'rf'],
    ['ContactForceInRF_', 'contact-force-in-rf'],
  ] as const) {
    if (!name.startsWith(`${lead}${written}_`)) continue;
    const ordinal = /^(0|[1-9]\d{0,4})\.txt$/.exec(name.slice(lead.length + written.length + 1))?.[1];
    if (ordinal !== undefined) return { kind, map, ordinal };
  }
  if (name.toLowerCase().startsWith(`temperaturesinrf_${written.toLowerCase()}`))
    return { kind: 'temperatures-in-rf', name };
  return undefined;
}

const tracks =
  /^(?:_P(0|[1-9]\d{0,5}))?_(.+?)_([A-Za-z]*ectrode|Sensor)_Positions(_OnAnnotation)?(?:_(0|[1-9]\d{0,8}))?\.txt$/i;

const signals = /^(?:_P(0|[1-9]\d{0,5}))?_(ECG_Export|ContactForce)(?:_(0|[1-9]\d{0,8}))?\.txt$/;

/** What follows the map's name. */
function recordingFile(rest: string, map: string): FileIdentity | undefined {
  if (rest === '_car.txt') return { kind: 'car', map };
  if (rest === '_Points_Export.xml') return { kind: 'points-index', map };
  const point = /^_P(0|[1-9]\d{0,5})_Point_Export\.xml$/.exec(rest)?.[1];
  if (point !== undefined) return { kind: 'point', map, key: { point } };
  const [, id, word, time] = signals.exec(rest) ?? [];
  if (word !== undefined) {
    const hasOne = (id === undefined) !== (time === undefined);
    return hasOne ? { kind: word === 'ECG_Export' ? 'ecg' : 'contact-force', map, key: keyOf(id, time) } : undefined;
  }
  const track = tracks.exec(rest);
  if (!track) return undefined;
  const [, ofPoint, connector = '', what = '', onAnnotation, at] = track;
  if (ofPoint !== undefined && at !== undefined) return undefined;
  const kind = what.toLowerCase() === 'sensor' ? 'sensor-positions' : 'electrode-positions';
  return { kind, map, key: keyOf(ofPoint, at), connector, word: what, onAnnotation: onAnnotation !== undefined };
}

function keyOf(point: string | undefined, time: string | undefined): RecordingKey {
  return { ...(point === undefined ? {} : { point }), ...(time === undefined ? {} : { time }) };
}

const visiTagByName = new Map(Object.entries(visiTagTables).map(([kind, name]) => [name.toLowerCase(), kind]));

function visiTagFile(name: string): FileIdentity {
  if (name.toLowerCase() === 'fpti-formulas.xml') return { kind: 'fpti-formulas' };
  if (/_PFA\.\w+$/i.test(name)) return { kind: 'visitag-pfa', name };
  const [, table = '', variant] = /^([A-Za-z]+)(_QMODE\+)?\.txt$/i.exec(name) ?? [];
  const kind = visiTagByName.get(table.toLowerCase()) as VisiTagKind | undefined;
  return kind === undefined
    ? { kind: 'visitag-other', name }
    : { kind, variant: variant === undefined ? '' : '_QMODE+' };
}

function pasoFile(name: string): FileIdentity {
  if (/^ConfigurationData\.txt$/i.test(name)) return { kind: 'paso-configuration' };
  const table = /^(IS|PM)ISCorrelations\.txt$/i.exec(name)?.[1];
  if (table !== undefined) return { kind: 'paso-correlations', of: table.toUpperCase() === 'IS' ? 'ISIS' : 'PMIS' };
  if (name.length > maxNameLength || !/\.txt$/i.test(name)) return { kind: 'paso-other' };
  return { kind: 'paso-template', name: name.slice(0, -'.txt'.length) };
}

/** How the parts of a name that people typed are written. */
export interface NameParts {
  readonly study: string;
  map(name: string): string;
  shell(name: string): string;
  connector(name: string): string;
  template(name: string): string;
  table(name: string): string;
}

/** The path of a file inside an export: the way back from `FileClassifier`. Undefined for kinds that stay behind. */
export function filePath(identity: FileIdentity, parts: NameParts): string | undefined {
  switch (identity.kind) {
    case 'study':
      return `${parts.study}.xml`;
    case 'mesh':
      return `${parts.map(identity.map)}${identity.part === 0 ? '' : `-${identity.part + 1}`}.mesh`;
    case 'shell':
      return parts.shell(identity.name);
    case 'car':
      return `${parts.map(identity.map)}_car.txt`;
    case 'points-index':
      return `${parts.map(identity.map)}_Points_Export.xml`;
    case 'point':
      return `${parts.map(identity.map)}${ofPoint(identity.key)}_Point_Export.xml`;
    case 'ecg':
      return `${parts.map(identity.map)}${ofPoint(identity.key)}_ECG_Export${atTime(identity.key)}.txt`;
    case 'contact-force':
      return `${parts.map(identity.map)}${ofPoint(identity.key)}_ContactForce${atTime(identity.key)}.txt`;
    case 'electrode-positions':
    case 'sensor-positions':
      return trackPath(identity, parts);
    case 'rf':
      return `RF_${parts.map(identity.map)}_${identity.ordinal}.txt`;
    case 'contact-force-in-rf':
      return `ContactForceInRF_${parts.map(identity.map)}_${identity.ordinal}.txt`;
    case 'fpti-formulas':
      return 'VisiTagExport/fpti-formulas.xml';
    case 'visitag-pfa':
      return `VisiTagExport/${parts.table(identity.name)}_PFA.txt`;
    case 'visitag-other':
      return `VisiTagExport/${parts.table(identity.name)}.txt`;
    case 'temperatures-in-rf':
    case 'nmarq-mapping':
      return `${parts.table(identity.name)}.txt`;
    case 'paso-configuration':
      return 'PaSoExport/ConfigurationData.txt';
    case 'paso-correlations':
      return `PaSoExport/${identity.of}Correlations.txt`;
    case 'paso-template':
      return `PaSoExport/${templateName(identity.name, parts)}.txt`;
    default:
      return 'variant' in identity ? `VisiTagExport/${visiTagTables[identity.kind]}${identity.variant}.txt` : undefined;
  }
}

/** What a template is of stands first in its name, and readers go by it. */
function templateName(name: string, parts: NameParts): string {
  const written = parts.template(name);
  const [prefix] = /^(?:IS|PM)(?!\p{L})/u.exec(name) ?? [];
  return prefix === undefined || written === name ? written : `${prefix}-${written}`;
}

function trackPath(track: Track & { readonly map: string }, parts: NameParts): string {
  const connector = parts.connector(track.connector);
  const when = `${track.onAnnotation ? '_OnAnnotation' : ''}${atTime(track.key)}`;
  return `${parts.map(track.map)}${ofPoint(track.key)}_${connector}_${wordOf(track.word)}_Positions${when}.txt`;
}

/** The vendor's spellings; any other word that matched is written like the usual one. */
function wordOf(word: string): string {
  return word === 'Electrode' || word === 'Sensor' ? word : 'Eleclectrode';
}

function ofPoint({ point }: RecordingKey): string {
  return point === undefined ? '' : `_P${point}`;
}

function atTime({ time }: RecordingKey): string {
  return time === undefined ? '' : `_${time}`;
}
