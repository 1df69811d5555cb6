import type { ChamberKind } from './chamber.ts';
import { SimulatorError } from './simulator-error.ts';

/** The free texts of a study. Whatever is left out gets a plainly synthetic one. */
export interface SimulatedNames {
  readonly study?: string;
  /** One name per map: the first map is the one with points and lesions, the others are anatomy only. */
  readonly maps?: readonly string[];
  /** `Comment` of every ablation session. */
  readonly comment?: string;
  /** Name of the first lesion preset. One word: its table is split on blanks. */
  readonly presetName?: string;
  /** Name of the re-map, if there is one. */
  readonly remap?: string;
  /** Both names of the tag that the site added; the first point carries it. */
  readonly siteTag?: string;
  /** `MeshName` inside the meshes; empty unless given. */
  readonly meshName?: string;
  /** Adds an imported shell `<this>.mesh`, listed in the study file. */
  readonly shell?: string;
  /** Adds a text file of this name that no reader knows. */
  readonly unknownFile?: string;
  /** Name of the pace-map templates. */
  readonly template?: string;
  /** What plugs in the first catheter: part of file names and of attribute names, so letters, digits and `_` only. */
  readonly connector?: string;
}

export type CompleteNames = Required<Omit<SimulatedNames, 'shell' | 'unknownFile'>> &
  Pick<SimulatedNames, 'shell' | 'unknownFile'>;

/** Fills in the defaults. Throws `BAD_NAME` (without the name in it) for what can be no file name, or for equal map names. */
export function completeNames(
  names: SimulatedNames,
  { chamber, shell }: { readonly chamber: ChamberKind; readonly shell: boolean },
): CompleteNames {
  const { maps = [1, 2].map((n) => `Simulated ${shortNames[chamber]} ${n}`) } = names;
  const complete = {
    study: 'Simulated Study 1',
    remap: `${maps[0]}-1-ReMap`,
    comment: 'NA',
    presetName: 'Anterior',
    siteTag: 'Simulated Site',
    meshName: '',
    template: 'Simulated PVC 1',
    connector: 'NAVISTAR_CONNECTOR',
    ...(shell ? { shell: 'Simulated CT' } : {}),
    ...names,
    maps,
  };
  checkFileName('study', complete.study);
  for (const map of complete.maps) checkFileName('maps', map);
  checkFileName('remap', complete.remap);
  checkFileName('template', complete.template);
  const all = [...complete.maps, complete.remap];
  if (complete.maps.length === 0 || new Set(all).size !== all.length) {
    throw new SimulatorError('BAD_NAME', 'expected at least one map name, all different', {
      hint: 'Give each map a name of its own.',
    });
  }
  if (!/^\w{1,60}$/.test(complete.connector)) {
    throw new SimulatorError(
      'BAD_NAME',
      'expected names.connector to be usable as an attribute, found one that is not',
      {
        hint: 'Use letters, digits and _ only.',
      },
    );
  }
  if (complete.shell !== undefined) checkFileName('shell', complete.shell);
  if (complete.unknownFile !== undefined) checkFileName('unknownFile', complete.unknownFile);
  return complete;
}

const shortNames: Readonly<Record<ChamberKind, string>> = {
  'left-atrium': 'LA',
  'right-atrium': 'RA',
  'left-ventricle': 'LV',
};

function checkFileName(field: string, name: string): void {
  const controls = [...name].some((char) => char.charCodeAt(0) < 0x20);
  if (name.trim() === '' || name.length > 100 || name.startsWith('.') || controls || /[\\/:*?"<>|]/.test(name)) {
    throw new SimulatorError('BAD_NAME', `expected names.${field} to be usable in a file name, found one that is not`, {
      hint: 'Use 1 to 100 characters without \\ / : * ? " < > | and without a leading dot.',
    });
  }
}
