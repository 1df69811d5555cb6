import { z } from 'zod';

/** What `vestibule inspect PATH --json` prints. Numbers in the place of names: nothing in it was typed by staff. */

const count = z.int().nonnegative();
const counts = z.array(z.strictObject({ kind: z.string(), count }));

const surfaceSchema = z.strictObject({
  vertices: count,
  triangles: count,
  /** Triangles that the workstation does not show. */
  hidden: count,
  /** Vertices that were deleted on the workstation; they are not among `vertices`. */
  deleted: count,
  /** Names of the format's own colourings; any other is `other`. */
  colorings: z.array(z.string()),
  flags: z.array(z.string()),
});

const mapSchema = z.strictObject({
  /** In the order of the export, from 1. */
  map: z.int().positive(),
  visible: z.boolean(),
  statedVolumeMl: z.number().optional(),
  surface: surfaceSchema.optional(),
  furtherSurfaces: count,
  cutouts: count,
  points: count,
  /** Points whose own file is there. */
  recordings: count,
  /** Points that bear a tag. */
  tagged: count,
  /** Files of signals that these points share. */
  ecgFiles: count,
});

export const checkSubjectSchema = z.union([
  z.strictObject({ kind: z.literal('map'), map: z.int().positive() }),
  z.strictObject({ kind: z.literal('point'), map: z.int().positive(), point: z.int().positive() }),
  z.strictObject({ kind: z.literal('shell'), shell: z.int().positive() }),
  z.strictObject({ kind: z.literal('lesion'), lesion: z.int().positive() }),
]);

export const checkResultSchema = z.strictObject({
  check: z.string(),
  subject: checkSubjectSchema,
  outcome: z.enum(['ok', 'differs', 'measured', 'not-applicable']),
  unit: z.string(),
  found: z.number().optional(),
  expected: z.number().optional(),
  deviation: z.number().optional(),
  tolerance: z.number().optional(),
  reason: z.string().optional(),
});

export const checkSummarySchema = z.strictObject({
  check: z.string(),
  unit: z.string(),
  ok: count,
  differs: count,
  measured: count,
  notApplicable: count,
  /** The largest deviation, whatever its sign. */
  worst: z.number().optional(),
});
export type CheckSummary = z.infer<typeof checkSummarySchema>;

export const inspectionSchema = z.strictObject({
  /** What read it, from the outside in. */
  container: z.string(),
  files: count,
  bytes: count,
  maps: z.array(mapSchema),
  shells: z.array(
    z.strictObject({
      shell: z.int().positive(),
      visible: z.boolean(),
      landmarks: count,
      surface: surfaceSchema.optional(),
    }),
  ),
  colorings: z.array(z.strictObject({ id: z.number(), name: z.string().optional(), units: z.string(), maps: count })),
  /** Point tags that are in use; `name` where it is one that the workstation brings. */
  tags: z.array(z.strictObject({ id: z.number(), name: z.string().optional(), points: count })),
  applications: z.strictObject({ count, withGenerator: count, withForce: count, electrodes: count }),
  visiTag: z
    .strictObject({
      lesions: count,
      sessions: count,
      withIndex: count,
      ablationRows: count,
      forceRows: count,
      gridRows: count,
      presets: count,
      formulas: count,
    })
    .optional(),
  paceMapping: z.strictObject({ templates: count, correlations: count }).optional(),
  leftOut: counts,
  warnings: z.array(z.strictObject({ code: z.string(), kind: z.string(), count })),
  damaged: z.array(z.strictObject({ code: z.string(), kind: z.string(), line: count.optional(), message: z.string() })),
  checks: z.strictObject({ summary: z.array(checkSummarySchema), results: z.array(checkResultSchema) }),
});
export type Inspection = z.infer<typeof inspectionSchema>;
