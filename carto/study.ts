import type { LeftOut } from './source.ts';
import type { NumericTable } from './table.ts';
import type { Warning } from './warnings.ts';

/**
 * A CARTO 3 study as read from an export. It still holds original names: it never leaves the process that read it.
 *
 * Frames: all coordinates are millimetres in the patient frame of the mapping system. Times ending in `StudyMs` count
 * on the study's own monotonic clock, which has no wall-clock anchor. What the export marks as missing (-10000 and its
 * cousins) is absent (`undefined`) in objects and NaN in arrays.
 */
export interface Study {
  readonly name: string;
  readonly colorings: readonly Coloring[];
  readonly tags: readonly Tag[];
  readonly maps: readonly StudyMap[];
  /** Imported CT or MR surfaces, and the matrix (16 numbers, column-major) that registered them. */
  readonly shells: readonly Shell[];
  readonly registration?: readonly number[];
  /** What else the catalogue says of that registration, as it is written. */
  readonly registrationData?: SettingsBlock;
  /** How the workstation colours and judges: `SurfaceErrorTable`, `PasoTable`, `CFAEColoringTable`; unset values absent. */
  readonly displayTables: ReadonlyMap<string, SettingsBlock>;
  /** Each radio-frequency application once, although a re-map repeats its parent's files. By first time stamp. */
  readonly applications: readonly RfApplication[];
  readonly visiTag?: VisiTag;
  readonly paceMapping?: PaceMapping;
  readonly warnings: readonly Warning[];
  /** Files that could not be read and were gone past. */
  readonly damaged: readonly Damage[];
  readonly leftOut: readonly LeftOut[];
}

/** Why a file was gone past: its kind, the line where that is known, and the reason, which quotes nothing. */
export interface Damage {
  readonly code: string;
  readonly kind: string;
  readonly line?: number;
  readonly message: string;
}

export type Vector3 = readonly [x: number, y: number, z: number];

/** A value that a mesh can be coloured by. `units` as the export says: `mV`, `ms`, `ohm`, `gr`, or blank. */
export interface Coloring {
  readonly id: number;
  readonly name: string;
  readonly units: string;
}

/** A point tag of the site's palette. `color`: red, green, blue, alpha, each 0 to 1. */
export interface Tag {
  readonly id: number;
  readonly shortName: string;
  readonly fullName: string;
  readonly color: readonly number[];
  readonly radiusMm: number;
}

export interface StudyMap {
  readonly name: string;
  /** The workstation's counter: unique per workstation, the key of `Map_Index`. */
  readonly index: number;
  readonly visible: boolean;
  readonly volumeMl?: number;
  /** Lowest and highest value of each coloring that has data. */
  readonly coloringRanges: readonly { readonly coloringId: number; readonly min: number; readonly max: number }[];
  /** Which signal the annotations refer to. `algorithm`: 0 single channel, 1 several, -1 none. */
  readonly reference: { readonly algorithm: number; readonly channel?: number; readonly connector?: string };
  /** Cut-outs (valves, veins) as closed lines: x y z x y z …, mm. */
  readonly cutouts: readonly Float64Array[];
  /** Absent when the map has none or its file was not exported. */
  readonly mesh?: Mesh;
  /** A map may name several files; the first is `mesh`. */
  readonly furtherMeshes: readonly Mesh[];
  readonly points: readonly MapPoint[];
  /** Rows of `_car.txt` by point id. */
  readonly car: ReadonlyMap<number, CarRow>;
}

export interface Shell {
  readonly fileName: string;
  readonly visible: boolean;
  /** Points by which staff registered it, mm. */
  readonly landmarksMm: readonly Vector3[];
  readonly mesh?: Mesh;
}

/**
 * A triangulated surface; deleted vertices and triangles (group -1000000) are already gone and indices renumbered.
 * n vertices, m triangles.
 */
export interface Mesh {
  /** What the file calls itself, or the file's own name where it says nothing. */
  readonly name: string;
  /** 3n, mm: x y z x y z … */
  readonly positionsMm: Float32Array;
  /** 3n, unit vectors. */
  readonly normals: Float32Array;
  /** n. Says nothing about visibility. */
  readonly vertexGroups: Int32Array;
  /** 3m, indices of vertices, counter-clockwise seen from outside. */
  readonly triangles: Uint32Array;
  /** 3m, unit vectors. */
  readonly triangleNormals: Float32Array;
  /** m. A negative group is hidden. */
  readonly triangleGroups: Int32Array;
  /** n values each, NaN where there is none. None at all when the map has no coloured point. */
  readonly colors: readonly MeshColor[];
  /** n flags each: `Scar`, `EML`, … */
  readonly attributes: readonly { readonly name: string; readonly values: Int32Array }[];
  /** 0 looks like a closed surface. */
  readonly topologyStatus?: number;
  /** 16 numbers. */
  readonly matrix: readonly number[];
  readonly deleted: { readonly vertices: number; readonly triangles: number };
}

export interface MeshColor {
  readonly id?: number;
  readonly name: string;
  readonly values: Float32Array;
  /** In the slot of LAT, where pace mapping was used: -100 to 0 may be a score with its sign turned, not ms. */
  readonly mayBeScore?: true;
}

export interface MapPoint {
  readonly id: number;
  /** Of the magnetic sensor or the electrode; not projected. */
  readonly positionMm: Vector3;
  /** Alpha, beta, gamma, rad. */
  readonly orientationRad: Vector3;
  readonly catheterId?: number;
  /** CARTO's projection on the surface; recompute it where it matters. */
  readonly projectedMm?: Vector3;
  readonly tagIds: readonly number[];
  /** Absent when the point's own file was not exported. */
  readonly recording?: PointRecording;
}

/** What was recorded at a point: a window of 2.5 s at 1 kHz, and 10 s of force and impedance around it. */
export interface PointRecording {
  /** Study clock of sample 0. */
  readonly startStudyMs: number;
  /** Sample indices (ms) in the window. */
  readonly referenceSample: number;
  readonly annotationSample?: number;
  /** Local activation time relative to the reference, ms; absent when there is none. */
  readonly latMs?: number;
  /** Window of interest relative to the reference, ms. */
  readonly window?: { readonly fromMs: number; readonly toMs: number };
  readonly unipolarMv?: number;
  readonly bipolarMv?: number;
  readonly maxMicroBipolarMv?: number;
  /** Beats that the reference was taken from (newer exports): samples by name, and the cycle length. */
  readonly referenceBeats?: ReadonlyMap<string, number>;
  readonly cycleLengthMs?: number;
  /** `timesMs` relative to `startStudyMs`. Irregular. */
  readonly impedance: { readonly timesMs: Int32Array; readonly ohm: Float32Array };
  /** Where the point's own file names them (ECG 4.1 on). */
  readonly channels?: { readonly unipolar?: string; readonly bipolar?: string; readonly reference?: string };
  /** Several points may share one file: equal where they do, absent when the file was not exported. */
  readonly ecgFile?: number;
  /** Loads on call; undefined when the file was not exported. Only the file that was read last is kept. */
  loadEcg(): Promise<Ecg | undefined>;
  loadContactForce(): Promise<ContactForce | undefined>;
  readonly tracks: readonly TrackFile[];
}

/** One file of electrode or sensor positions. */
export interface TrackFile {
  readonly connector: string;
  readonly of: 'electrodes' | 'sensor';
  /** One row per electrode, at the annotation, instead of the whole window. */
  readonly onAnnotation: boolean;
  /** Columns `Electrode#` or `Sensor#` (restarts on every spline), `Time` (ms in the window), `X`, `Y`, `Z` (mm). */
  load(): Promise<Track | undefined>;
}

/** Rows of one file of positions, and which electrode they are of. */
export interface Track extends NumericTable {
  readonly electrodes: readonly ElectrodeRows[];
}

/** Consecutive rows of one electrode. Numbers restart on every spline and some are missing: only the order is unique. */
export interface ElectrodeRows {
  /** From 0, in the order of the file. */
  readonly ordinal: number;
  /** From 0; the first of several is the shaft. */
  readonly spline: number;
  readonly number: number;
  readonly firstRow: number;
  readonly rows: number;
}

export interface Ecg {
  readonly version: string;
  /** Multiply a count by this to get mV. */
  readonly mvPerCount: number;
  readonly sampleRateHz: 1000;
  readonly samples: number;
  /** Where the header names the mapping channels (4.0; from 4.1 on the point does). */
  readonly mapping?: { readonly unipolar: string; readonly bipolar: string; readonly reference: string };
  /** Counts, one array of `samples` per channel. */
  readonly channels: readonly { readonly name: string; readonly number: number; readonly counts: Int32Array }[];
}

export interface ContactForce {
  /** Columns `Time` (ms, relative to the point's start), `Timestamp` (study ms), `ForceValue` (g), angles (degrees). */
  readonly trace: NumericTable;
  /** Force means at the point: over 100 ms and 1 s. */
  readonly meanG?: number;
  readonly longMeanG?: number;
}

/** A row of `_car.txt`. */
export interface CarRow {
  readonly pointId: number;
  readonly positionMm: Vector3;
  readonly unipolarMv?: number;
  readonly bipolarMv?: number;
  readonly latMs?: number;
  readonly impedanceOhm?: number;
  /** 0 normal, 1 location only, 2 scar, 3 floating, 4 transient event. */
  readonly pointType: number;
  readonly tagId?: number;
  readonly catheterId?: number;
  /** From VERSION_6_0 on. */
  readonly window?: { readonly fromMs: number; readonly toMs: number };
  readonly referenceSample?: number;
}

/** One radio-frequency application, from the generator (100 ms) and the force sensor (50 ms). */
export interface RfApplication {
  /** Names of the maps that list it. */
  readonly maps: readonly string[];
  readonly startStudyMs: number;
  /** `PiuTimeStamp` (study ms), `AblTime1` (ms), `Power1` (W), `Impedance1` (ohm), `DistalTemperature1` (degC), … */
  readonly generator?: NumericTable;
  /** The generator's columns electrode by electrode: one, or as many as the catheter ablates with. */
  readonly electrodes: readonly RfElectrode[];
  /** `TimeStamp` (study ms), `ForceValue` (g), `AxialAngle`, `LateralAngle` (degrees), … */
  readonly force?: NumericTable;
}

/** What the generator recorded at one electrode: columns of `generator`, absent where this generation has none. */
export interface RfElectrode {
  /** From 1. */
  readonly number: number;
  readonly timesMs?: Float64Array;
  readonly powerW?: Float64Array;
  readonly impedanceOhm?: Float64Array;
  readonly distalC?: Float64Array;
  readonly proximalC?: Float64Array;
}

/** The ablation tags. Tied to no map; the coordinates are those of the meshes. */
export interface VisiTag {
  readonly sites: readonly AblationSite[];
  readonly sessions: readonly VisiTagSession[];
  /** `TimeStamp`, `Session`, `ChannelID`, `Impedance`, `Power`, `DistalTemperature`, `ProximalTemperature`; 100 ms. */
  readonly ablationData?: NumericTable;
  /** `Time`, `Session`, `ChannelID`, `Force` (g, can be negative), angles (**rad**), severities; 50 ms. */
  readonly contactForceData?: NumericTable;
  /** 1 mm voxels. */
  readonly grids?: NumericTable;
  readonly adjustedPositions?: NumericTable;
  readonly endExpiriums?: NumericTable;
  readonly presets: readonly SettingsBlock[];
  readonly settings: readonly SettingsBlock[];
  readonly display: readonly SettingsBlock[];
  readonly formulas: readonly IndexFormula[];
  /** Tables of tens or hundreds of megabytes, loaded on call; undefined when they were not exported. */
  loadRawPositions(): Promise<NumericTable | undefined>;
  loadPositionsData(): Promise<NumericTable | undefined>;
  loadAllPositionsInGrids(): Promise<NumericTable | undefined>;
  /** The same tables in parts of some thousand rows: memory stays flat whatever their size. */
  rowsOf(table: LargeTable): AsyncIterable<NumericTable>;
}

export type LargeTable = 'raw-positions' | 'positions-data' | 'all-positions-in-grids';

/**
 * Pace mapping (PaSo). It never leaves: templates hold dates of the calendar and names that staff typed. What the
 * format notes do not tell is absent.
 */
export interface PaceMapping {
  /** `IS-IS Correlation Threshold`, `PM Default Prefix Name`, … as written. */
  readonly configuration: SettingsBlock;
  readonly templates: readonly PaceTemplate[];
  readonly correlations: readonly PaceCorrelation[];
}

export interface PaceTemplate {
  readonly id?: number;
  readonly name?: string;
  /** What the workstation's calendar said, no time zone. Identifies: kept in memory only. */
  readonly recordedAt?: string;
  readonly isReference?: boolean;
  readonly cycleLengthMs?: number;
  readonly startStudyMs?: number;
  /** Every `key: value` line, as written. */
  readonly fields: SettingsBlock;
  /** Counts of the twelve leads. */
  readonly channels: readonly { readonly name: string; readonly counts: Int32Array }[];
}

export interface PaceCorrelation {
  /** Among templates, or of pace maps with templates. */
  readonly of: 'ISIS' | 'PMIS';
  readonly id: number;
  readonly correlatedTo: number;
  /** By the channels and the window that staff chose, and by the system's. */
  readonly user?: CorrelationValues;
  readonly system?: CorrelationValues;
}

export interface CorrelationValues {
  readonly average?: number;
  readonly channels: readonly number[];
  readonly window?: { readonly fromMs: number; readonly toMs: number };
}

/** `key=` value pairs of one block. */
export type SettingsBlock = ReadonlyMap<string, string>;

/** A lesion. Several may belong to one session. */
export interface AblationSite {
  readonly session: number;
  readonly channel: number;
  readonly siteIndex: number;
  readonly positionMm: Vector3;
  readonly durationS: number;
  readonly averageForceG: number;
  readonly maxTemperatureC: number;
  readonly maxPowerW: number;
  readonly baseImpedanceOhm: number;
  readonly impedanceDropOhm: number;
  /** Force-time integral, g·s. */
  readonly ftiGs: number;
  /** The Ablation Index; absent in old exports and QDOT. */
  readonly rfIndex?: number;
  readonly tagIndexStatus?: number;
  /** From AblationSites: first position, first that passed the filter, last. Study clock. */
  readonly firstStudyMs?: number;
  readonly firstPassedStudyMs?: number;
  readonly lastStudyMs?: number;
}

export interface VisiTagSession {
  readonly id: number;
  readonly startStudyMs: number;
  readonly endStudyMs: number;
  readonly presetName: string;
  readonly presetId?: number;
  readonly comment?: string;
}

/** Coefficients of an ablation index; the active one is `FPTIFormulaGUID` of the settings. */
export interface IndexFormula {
  readonly guid: string;
  readonly name: string;
  readonly type: number;
  readonly coefficients: ReadonlyMap<string, number>;
  readonly limits: ReadonlyMap<string, number>;
}
