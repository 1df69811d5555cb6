import { isAbsolute } from 'node:path';
import { z } from 'zod';

const mebibyte = 1024 * 1024;
const absolute = z.string().refine(isAbsolute, 'must be an absolute path');

/**
 * Where passwords of locked containers may come from, in the order in which they are tried: each line of a file, or of
 * what a command prints. A command is an argument list; no shell reads it.
 */
const passwordSourceSchema = z.union([
  z.strictObject({ file: absolute }),
  z.strictObject({ command: z.tuple([absolute], z.string()) }),
]);
export type PasswordSource = z.infer<typeof passwordSourceSchema>;

/** The part of the site's file that says what is taken from an inbox, and when. */
export const intakeSchema = z.strictObject({
  /** `ask`: a case waits as `needs-approval` until `vestibule cases release`. */
  mode: z.enum(['automatic', 'ask']).default('automatic'),
  /** An entry is taken once its names, sizes and times have not changed for this long. */
  quietSeconds: z.number().min(0.5).max(3600).default(60),
  /** Inboxes are also looked at this often, for network mounts that report no changes. */
  rescanSeconds: z.number().min(1).max(3600).default(60),
  maxEntries: z.int().min(1).default(100_000),
  maxBytes: z
    .int()
    .min(1)
    .default(64 * 1024 * mebibyte),
  /** Further caps on one entry, mostly against hostile containers. Passing one holds the case. */
  limits: z
    .strictObject({
      /** A file may be an archive of all the others. */
      maxFileBytes: z
        .int()
        .min(1)
        .default(16 * 1024 * mebibyte),
      /** Bytes that a container may unpack to, for each byte of it. */
      maxRatio: z.number().min(1).default(250),
      /** Folders below the root. */
      maxDepth: z.int().min(0).max(100).default(8),
      /** Containers inside containers: 1 allows one in another. */
      maxNesting: z.int().min(0).max(16).default(3),
      /** Characters of an entry's whole path in a container. */
      maxNameLength: z.int().min(1).max(65_535).default(512),
    })
    .prefault({}),
  /** Encrypted scratch space for containers inside containers. */
  maxSpoolBytes: z
    .int()
    .min(1)
    .default(16 * 1024 * mebibyte),
  /** The former name of `storage.reserveBytes`. */
  reserveBytes: z.int().nonnegative().optional(),
  passwords: z.array(passwordSourceSchema).max(16).default([]),
});
export type IntakeConfig = z.infer<typeof intakeSchema>;
