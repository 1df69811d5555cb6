import type { Generation } from './generation.ts';

/** The colourings of a study: id, name in the study file, name in meshes, unit. */
// biome-ignore format: the columns are the documentation
const colorings = [
  { id: 0,  name: 'Unipolar',  meshName: 'Unipolar',  unit: 'mV' },
  { id: 1,  name: 'Bipolar',   meshName: 'Bipolar',   unit: 'mV' },
  { id: 2,  name: 'LAT',       meshName: 'LAT',       unit: 'ms' },
  { id: 3,  name: 'Impedance', meshName: 'Impedance', unit: 'ohm' },
  { id: 4,  name: 'A1',        meshName: 'A1',        unit: 'ms' },
  { id: 5,  name: 'A2',        meshName: 'A2',        unit: 'ms' },
  { id: 6,  name: 'A2-A1',     meshName: 'A2-A1',     unit: 'ms' },
  { id: 7,  name: 'SCI',       meshName: 'SCI',       unit: 'ms' },
  { id: 8,  name: 'ICL',       meshName: 'ICL',       unit: ' ' },
  { id: 9,  name: 'ACI',       meshName: 'ACL',       unit: 'ms' },
  { id: 10, name: 'Force',     meshName: 'Force',     unit: 'gr' },
  { id: 11, name: 'Paso',      meshName: 'Paso',      unit: ' ' },
  { id: 12, name: 'µBi',       meshName: 'µBi',       unit: 'mV' },
] as const;

export type Coloring = (typeof colorings)[number];

/** The tags that every system has: id, short name, full name, colour, radius. A site adds its own. */
// biome-ignore format: the columns are the documentation
export const standardTags = [
  [4,   'None',    'None',                    '1 1 1 1',         2],
  [5,   'HIS',     'His',                     '0.9 0.7 0.1 1',   2],
  [6,   'PS',      'Pacing Site',             '0.8 0.8 0 1',     2],
  [7,   'DP',      'Double Potential',        '0 0.7 0.7 1',     2],
  [8,   'FS',      'Fragmented Signal',       '1 0.75 0.95 1',   2],
  [9,   'ABL',     'Ablation',                '0.6 0 0 1',       2],
  [10,  'SCR',     'Scar',                    '0.4 0.4 0.4 1',   2],
  [11,  'LO',      'Location Only',           '0.95 0.95 0.95 1', 2],
  [12,  'TE',      'Transient Event',         '0.7 0.7 0.7 1',   2],
  [13,  'EOS',     'End of Sheath',           '0 0 0.9 1',       2],
  [14,  'SIA',     'Short Interval Ablation', '0.6 0 0.2 1',     2],
  [50,  'C.Split', 'Complex.Split',           '1 0.6 0 1',       1],
  [51,  'C.Multi', 'Complex.Multi',           '0 0.4 0 1',       1],
  [100, 'LIPV',    'LIPV',                    '0.7 0.9 1 1',     2],
  [101, 'LSPV',    'LSPV',                    '0.6 0.6 0.9 1',   2],
  [102, 'RIPV',    'RIPV',                    '0.9 0.9 0.5 1',   2],
  [103, 'RSPV',    'RSPV',                    '0.9 0.5 0.1 1',   2],
  [104, 'MA',      'Mitral Annulus',          '0.9 1 0.9 1',     2],
  [105, 'TA',      'Tricuspid Annulus',       '0 0.5 0.9 1',     2],
  [200, 'LIPV OS', 'LIPV OS',                 '0.1 0.8 0.8 1',   2],
  [201, 'LSPV OS', 'LSPV OS',                 '0.3 0.3 0.8 1',   2],
  [202, 'RIPV OS', 'RIPV OS',                 '0.7 0.7 0.1 1',   2],
  [203, 'RSPV OS', 'RSPV OS',                 '0.6 0.3 0.1 1',   2],
  [204, 'IVC OS',  'IVC OS',                  '0.6 0.1 0.5 1',   2],
  [205, 'SVC OS',  'SVC OS',                  '0.1 0.6 0.2 1',   2],
  [206, 'CS OS',   'CS OS',                   '0.9 0.8 0.8 1',   2],
] as const;

/** Id of the tag that the site added. */
export const siteTagId = 301;

/** The colourings that a generation knows. */
export function coloringsOf({ lastColoring }: Generation): readonly Coloring[] {
  return colorings.filter(({ id }) => id <= lastColoring);
}
