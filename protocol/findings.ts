import { z } from 'zod';
import { caseIdSchema, sha256Schema } from './ids.ts';

/** Stands in every document and on every page that shows an analysis. */
export const notForDiagnosis =
  'Research analysis by software. Not a medical device, not for diagnosis or treatment. It tells of tags and maps as exported; a possible discontinuity in the tag set is not a statement about conduction.';

const count = z.int().nonnegative();
/** Millimetres with one decimal, in LPS: x to the patient's left, y to the back, z to the head. */
const place = z.tuple([z.number(), z.number(), z.number()]);
/** 0 to 1, two decimals. */
const confidence = z.number().min(0).max(1);
const cm2 = z.number().nonnegative();
const percent = z.number().min(0).max(100);

export const regionLabelSchema = z.enum(['BODY', 'LSPV', 'LIPV', 'RSPV', 'RIPV', 'LAA', 'MV']);

/** The parts of the body that low voltage is told of. */
export const wallSchema = z.enum(['roof', 'posterior', 'inferior', 'lateral', 'anterior', 'septal', 'mitral']);
export type WallName = z.infer<typeof wallSchema>;

const siteSchema = z.string().regex(/^[A-Z_]{3,20}$/);

/** What was not said, and why. */
export const abstentionSchema = z.strictObject({
  of: z.enum(['everything', 'regions', 'sites', 'discontinuities', 'voltage', 'lesions']),
  /**
   * Of a surface: its flaw (`no-surface`, `wrong-units`, …). Else: `no-model`, `model-failed`, `not-left-atrium`,
   * `unfamiliar-shape`, `pose-conflict`, `mirrored`, `tags-contradict`, `anatomy-incomplete`, `regions-unknown`,
   * `no-lesions`, `lesions-off-surface`, `too-many-lesions`, `no-voltage`.
   */
  reason: z.string().regex(/^[a-z]+(-[a-z]+)*$/),
  /** Numbers of ours, no text of the study. */
  found: z.string().max(120).optional(),
});
export type Abstention = z.infer<typeof abstentionSchema>;

const voltageAreaSchema = z.strictObject({
  areaCm2: cm2,
  /** Where there is a voltage and a mapped point near enough: what the percentages are of. */
  mappedCm2: cm2,
  below: z.array(z.strictObject({ mv: z.number().positive(), areaCm2: cm2, percent: percent.optional() })),
});

const spreadSchema = z.strictObject({
  n: count,
  min: z.number(),
  p50: z.number(),
  p95: z.number(),
  max: z.number(),
  mean: z.number(),
});

const lesionNumbersSchema = z.strictObject({
  lesions: count,
  forceG: spreadSchema.optional(),
  ftiGs: spreadSchema.optional(),
  index: spreadSchema.optional(),
  durationS: spreadSchema.optional(),
  impedanceDropOhm: spreadSchema.optional(),
  interLesionMm: spreadSchema.optional(),
  /** Absent where sites, and so targets, are not known. */
  belowIndexTarget: count.optional(),
  weakContact: count,
});

/**
 * A possible discontinuity in the tag set: a place where lesions leave room. Never a statement about conduction. What is too
 * wide to be one place is told by its line alone.
 */
export const discontinuitySchema = z.strictObject({
  kind: z.literal('possible-discontinuity-in-tag-set'),
  line: z.enum(['left-ring', 'right-ring', 'roof-line', 'inferior-line', 'mitral-isthmus-line']),
  site: siteSchema,
  place,
  /** What would have to be bridged, lesions counted by their index. */
  effectiveWidthMm: z.number().positive(),
  /** Of the lesions on both sides, straight. */
  betweenMm: z.number().nonnegative(),
  /** Their numbers in the order of time, from 0. */
  neighbours: z.tuple([count, count]),
  /** One of them had neither index nor force-time integral, and counted as on target. */
  unweighted: z.literal(true).optional(),
  confidence,
});
export type Discontinuity = z.infer<typeof discontinuitySchema>;

const lineSchema = z.strictObject({
  line: discontinuitySchema.shape.line,
  lesions: count,
  /** No room wider than what is spoken of: in the tag set, not in the tissue. */
  isContinuous: z.boolean(),
  widestMm: z.number().nonnegative(),
  /** How many lesions of the case had been made when the ring was first without such room. */
  continuousAfter: count.optional(),
});

export const findingsSchema = z.strictObject({
  schema: z.literal('vestibule-findings/1'),
  notice: z.literal(notForDiagnosis),
  software: z.strictObject({
    version: z.string().max(40),
    /** What ran the models, and on which instructions: on others, sums may run in another order. */
    runtime: z.string().max(80),
    instructionSet: z.string().max(120),
  }),
  /** None where no model was used. */
  models: z.array(z.strictObject({ id: z.string().max(40), version: z.string().max(20), sha256: sha256Schema })).max(4),
  /** The thresholds and targets that were used, as configured. */
  settings: z.strictObject({
    voltage: z.strictObject({
      thresholdsMv: z.array(z.number().positive()).max(8),
      fillThresholdMm: z.number(),
      pointToSurfaceMm: z.number(),
    }),
    lesions: z.strictObject({
      indexTarget: z.strictObject({ anterior: z.number(), posterior: z.number() }),
      ftiTargetGs: z.number(),
      forceTargetG: z.number(),
      interLesionMm: z.number(),
      radiusShare: z.strictObject({
        least: z.number(),
        most: z.number(),
        weakBelow: z.number(),
        weakPower: z.number(),
        leastByFti: z.number(),
      }),
      ownLevel: z.boolean(),
      reachMm: z.number(),
      maxProjectionMm: z.number(),
      reportAbove: z.number(),
      overSpacing: z.number(),
      maxOpeningMm: z.number(),
      minRingLesions: count,
      minLineLesions: count,
    }),
  }),
  input: z.strictObject({
    /** Of what was analysed, in canonical form: who has the same surface, voltages and lesions gets the same digest. */
    sha256: sha256Schema,
    /** Which map of the study, from 1. */
    map: z.int().positive().optional(),
    /** What the map's name or its tags say of the chamber. */
    chamberHint: z.enum(['left-atrium', 'other', 'none']),
    vertices: count,
    triangles: count,
    lesions: count,
    mappedPoints: count,
  }),
  abstentions: z.array(abstentionSchema),
  /** A person should look before anything of it is used: the shape is unusual, or cues disagree. */
  needsReview: z.boolean(),
  chamber: z.strictObject({ areaCm2: cm2, volumeMl: z.number(), holes: count, debrisTriangles: count }).optional(),
  regions: z
    .strictObject({
      areasCm2: z.partialRecord(regionLabelSchema, cm2),
      meanConfidence: confidence,
      turnDegrees: z.number(),
      residualMm: z.number(),
      familiarity: z.strictObject({ distance: z.number(), verdict: z.enum(['familiar', 'review']) }).optional(),
      /** Of the labels, one digit per vertex of the mesh as exported: to compare, not to read. */
      labelsSha256: sha256Schema,
    })
    .optional(),
  voltage: z
    .strictObject({
      /** The body without veins, appendage and valve; absent where these are not known. */
      body: voltageAreaSchema.optional(),
      walls: z.array(voltageAreaSchema.extend({ wall: wallSchema })).optional(),
      /** The whole shell with everything in it: not comparable with published shares. */
      wholeShell: voltageAreaSchema,
      fillKnown: z.boolean(),
    })
    .optional(),
  lesions: z
    .strictObject({
      all: lesionNumbersSchema,
      offSurface: count,
      segments: z.array(lesionNumbersSchema.extend({ site: siteSchema })),
    })
    .optional(),
  sites: z
    .array(
      z.strictObject({
        lesion: count,
        site: siteSchema,
        by: z.enum(['model', 'rules']),
        confidence,
        /** Where the rules say another site: theirs. */
        rules: siteSchema.optional(),
      }),
    )
    .optional(),
  lines: z.array(lineSchema).optional(),
  discontinuities: z.array(discontinuitySchema).optional(),
});
export type Findings = z.infer<typeof findingsSchema>;

/** What is kept of the analysis of a case, and goes out as an item of kind `findings`: findings, or why there are none. */
export const caseFindingsSchema = z.union([
  z.strictObject({ v: z.literal(1), caseId: caseIdSchema, findings: findingsSchema }),
  z.strictObject({
    v: z.literal(1),
    caseId: caseIdSchema,
    /** The code of the error that ended the analysis, every time that it was tried. */
    absent: z.string().regex(/^[A-Z][A-Z0-9_]{1,40}$/),
  }),
]);
export type CaseFindings = z.infer<typeof caseFindingsSchema>;
