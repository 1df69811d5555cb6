import { missingWords } from '../grammar/number.ts';

/**
 * The words of the format: what a field that holds a name may hold without being coded. Names outside these lists are
 * taken for free text. Nothing here was typed by staff: it is the vendor's palette, the hardware's sockets and the
 * surface leads.
 */

/** The default point tags: full names by short names. */
// biome-ignore format: the pairs are the documentation
const tags: ReadonlyMap<string, string> = new Map([
  ['None', 'None'], ['HIS', 'His'], ['PS', 'Pacing Site'], ['DP', 'Double Potential'],
  ['FS', 'Fragmented Signal'], ['ABL', 'Ablation'], ['SCR', 'Scar'], ['LO', 'Location Only'],
  ['TE', 'Transient Event'], ['EOS', 'End of Sheath'], ['SIA', 'Short Interval Ablation'],
  ['C.Split', 'Complex.Split'], ['C.Multi', 'Complex.Multi'], ['MA', 'Mitral Annulus'], ['TA', 'Tricuspid Annulus'],
  ['LIPV', 'LIPV'], ['LSPV', 'LSPV'], ['RIPV', 'RIPV'], ['RSPV', 'RSPV'],
  ['LIPV OS', 'LIPV OS'], ['LSPV OS', 'LSPV OS'], ['RIPV OS', 'RIPV OS'], ['RSPV OS', 'RSPV OS'],
  ['IVC OS', 'IVC OS'], ['SVC OS', 'SVC OS'], ['CS OS', 'CS OS'],
]);

/** Both names together are a default tag's: one of them alone may be anyone's name or initials. */
export function isDefaultTag(shortName: string, fullName: string): boolean {
  return tags.get(shortName) === fullName;
}

const tagNames: ReadonlySet<string> = new Set([...tags].flat());

export const coloringNames: ReadonlySet<string> = new Set([
  ...['Unipolar', 'Bipolar', 'LAT', 'Impedance', 'A1', 'A2', 'A2-A1', 'SCI', 'ICL', 'ACI', 'ACL', 'Force', 'Paso'],
  ...['µBi'],
]);

export const units: ReadonlySet<string> = new Set([
  '',
  'mm',
  'radian',
  'degree',
  'mV',
  'ms',
  'ohm',
  'gr',
  'g',
  'W',
  's',
]);

export const polarities: ReadonlySet<string> = new Set(['UNI', 'BI', 'BIP', 'NA']);

export const formulaNames: ReadonlySet<string> = new Set(['None', '# Tag Index']);

export const indexSources: ReadonlySet<string> = new Set(['Internal Calculation']);

/** Column names of a mesh’s flags. */
export const meshFlags: ReadonlySet<string> = new Set(['Scar', 'EML', 'ExtEML']);

const connectorName = /^(?:NAVISTAR|CS|MAGNETIC_20_POLE_[AB]|MEC|MCC_DX|DEC|QUAD_[A-D]|ULS)_CONNECTOR$/;

/** A socket of the patient interface unit. */
export function isConnector(name: string): boolean {
  return connectorName.test(name);
}

const electrode = '(?:M|CS|R|MC|20[AB]_|MCC_Dx_|MCC_Abl_|DEC_?|QUAD_?[A-D]?_?|ULS_?)';
const leads = 'I{1,3}|aV[RLF]|V[1-9]R?|V1[0-2]|LA|RA|LL|RL|WCT_GND|WCT';
/** No catheter has more than 64 poles; longer numbers may be anything. */
const pole = '[1-9]\\d?';
const channelName = new RegExp(
  `^(?:${leads}|${electrode}${pole}(?:-${electrode}?${pole})?|(?:MC|MCC_Dx|MCC_Abl)[ _](?:Uni|Bi)[Pp]olar[ _]${pole})$`,
);

/** A signal named after a surface lead or the poles of a socket. */
export function isChannel(name: string): boolean {
  return channelName.test(name);
}

/** A pace-map template that nobody named: of the arrhythmia, or paced. */
export function isTemplateName(name: string): boolean {
  return /^(?:IS|PM)(?: ?[1-9]\d?)?$/.test(name);
}

/** Words that writers put where there was free text, and those of the file names and headers they write. */
const written = [
  ...['Study', 'Map', 'Shell', 'Tag', 'Preset', 'Coloring', 'Device', 'Channel', 'Formula', 'Template'],
  ...['Table', 'Column', 'PFA'],
  ...[
    'CONNECTOR',
    'mesh',
    'xml',
    'txt',
    'car',
    'Points',
    'Point',
    'Export',
    'ECG',
    'ContactForce',
    'ContactForceInRF',
    'RF',
  ],
  ...['Eleclectrode', 'Electrode', 'Sensor', 'Positions', 'OnAnnotation', 'VisiTagExport', 'QMODE', 'VERSION'],
  ...['fpti', 'formulas', 'version', 'Raw', 'to', 'MV', 'gain', 'Mapping', 'Reference', 'Rate', 'Number', 'Mode'],
  ...['PaSoExport', 'ConfigurationData', 'ISISCorrelations', 'PMISCorrelations', 'IS', 'PM', 'Year', 'Month', 'Day'],
  ...['IntervalGraph', 'IntervalNonGraph', 'Index', 'VisiTag', 'true', 'false'],
  ...['NAVISTAR', 'CS', 'MAGNETIC', 'POLE', 'MEC', 'MCC', 'DX', 'DEC', 'QUAD', 'ULS', 'MC', 'Dx', 'Abl', 'UniPolar'],
  ...['BiPolar', 'II', 'III', 'aVR', 'aVL', 'aVF', 'LA', 'RA', 'LL', 'RL', 'WCT', 'GND'],
];

/** Everything above in single words, lower case. */
export const vocabularyWords: ReadonlySet<string> = new Set(
  [
    ...written,
    ...[tagNames, coloringNames, units, polarities, formulaNames, indexSources, meshFlags, missingWords].flatMap(
      (words) => [...words],
    ),
  ].flatMap(wordsOf),
);

/** The runs of two and more ASCII letters in a text, lower case: what the scan calls a word. */
export function wordsOf(text: string): string[] {
  return (text.match(/[A-Za-z]{2,}/g) ?? []).map((word) => word.toLowerCase());
}
