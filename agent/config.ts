import { readFileSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { GatewayError } from '../core/errors.ts';
import { writeFileDurable } from '../core/files.ts';
import { budgetPolicySchema } from '../protocol/budget-policy.ts';
import { maxBatchItems } from '../protocol/outbox.ts';
import { profileSchema, unsupportedKindSchema } from '../protocol/profile.ts';
import { uploadPolicySchema } from '../protocol/upload-policy.ts';
import { analysisSchema } from './analysis/settings.ts';
import { intakeSchema } from './intake-config.ts';
import { procedureSchema } from './procedure/settings.ts';
import { sendSchema, storageSchema, withReserve } from './storage/settings.ts';

export class ConfigError extends GatewayError<'CONFIG_MISSING' | 'CONFIG_INVALID'> {}

/** The site's file, `vestibule.yaml`. Every field has its default here; unknown fields are refused. */
const fields = z.strictObject({
  /** Folders to which the workstation's exports are copied. Read only, never written. */
  inboxes: z.array(z.string().refine(isAbsolute, 'must be an absolute path')).min(1).max(16),
  intake: intakeSchema.prefault({}),
  procedure: procedureSchema,
  privacy: z
    .strictObject({
      /** How studies are pseudonymised; docs/privacy.md. */
      profile: profileSchema.default('pseudonymised'),
      /** Kinds of undocumented files that may leave as proved tables of numbers. */
      unsupported: z.array(unsupportedKindSchema).max(16).default([]),
    })
    .prefault({}),
  /** Which tiers leave the site; what is `never` sent is not even sealed. */
  send: sendSchema,
  /** How much of the disk is used, and how long what is not owed stays. */
  storage: storageSchema,
  /** What is looked for in a case once it is sealed, and by which protocol its lesions are judged. */
  analysis: analysisSchema.prefault({}),
  telemetry: z
    .strictObject({
      /** How often a sample of the appliance's health is put into the outbox; 0: never. */
      everyMinutes: z.number().min(0).max(1440).default(15),
    })
    .prefault({}),
  audit: z
    .strictObject({
      /** The log keeps to this, letting go of what is oldest and was delivered. */
      maxBytes: z
        .int()
        .min(1024 * 1024)
        .default(64 * 1024 * 1024),
      /** How often what was recorded is sent. */
      sendMinutes: z.number().min(1).max(1440).default(15),
      /** A copy to a syslog server over TLS; `ca`: file of the certificate that signed the server's. */
      syslog: z
        .strictObject({
          host: z.string().min(1).max(253),
          port: z.int().min(1).max(65_535).default(6514),
          ca: z.string().refine(isAbsolute, 'must be an absolute path'),
        })
        .exactOptional(),
    })
    .prefault({}),
  /** What the appliance may take while the gate is open. */
  budgets: budgetPolicySchema.prefault({}),
  upload: z
    .strictObject({
      ...uploadPolicySchema.shape,
      /** Zone in which the windows are meant, an IANA name; the machine's own when absent. */
      zone: z.string().refine(isZone, 'must be the name of a time zone, like Europe/Berlin').exactOptional(),
      batch: z
        .strictObject({
          /** Archives in one batch, and their bytes; a single one may have more. */
          maxArchives: z.int().min(1).max(64).default(64),
          maxArchiveBytes: z
            .int()
            .min(1)
            .default(64 * 1024 * 1024),
          /** Items of the outbox in one batch, and the bytes of their bodies; a single one may have more. */
          maxItems: z.int().min(1).max(maxBatchItems).default(1000),
          maxItemBytes: z
            .int()
            .min(1024)
            .max(16 * 1024 * 1024)
            .default(1024 * 1024),
          /** So long items of the log and the audit wait for more to come. All else goes at once. */
          maxAgeSeconds: z.number().min(0).max(86_400).default(60),
        })
        .prefault({}),
      /** How long to wait for a receipt before the batch is announced again. Doubles up to 5 minutes. */
      receiptSeconds: z.number().min(0.5).max(300).default(15),
    })
    .prefault({}),
});

/** The same, as a whole: what one field says may not contradict another. */
const wholeSchema = fields.superRefine(({ inboxes, procedure }, context) => {
  // What watches a folder lists it, also while the gate is closed; an inbox is never listed then.
  for (const [at, folder] of (procedure.activityFolders?.folders ?? []).entries()) {
    if (!inboxes.some((inbox) => overlap(folder, inbox))) continue;
    const path = ['procedure', 'activityFolders', 'folders', at];
    context.addIssue({ code: 'custom', path, message: 'must not be, hold or lie in an inbox' });
  }
});
export const configSchema = wholeSchema.transform(withReserve);

/** Whether one of two folders is or holds the other, by their names. */
function overlap(one: string, other: string): boolean {
  const ended = (folder: string) => resolve(folder).replace(/\/?$/, '/');
  const [a, b] = [ended(one), ended(other)];
  return a.startsWith(b) || b.startsWith(a);
}
export type Config = z.infer<typeof configSchema>;

/** Reads the site's file. One error lists every field that is wrong, by its path and without its value. */
export function readConfig(path: string): Config {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ConfigError('CONFIG_MISSING', `there is no site file ${path}`, {
      hint: 'Run `vestibule setup` first.',
      cause,
    });
  }
  const result = configSchema.safeParse(parseYaml(text, path));
  if (result.success) return result.data;
  const fields = result.error.issues.map((issue) => `${issue.path.join('.') || '(file)'}: ${issue.message}`);
  throw new ConfigError('CONFIG_INVALID', `${path} is not valid: ${fields.join('; ')}`, {
    hint: 'Correct the fields named; docs/configuration.md describes each.',
  });
}

/** Writes a site file that `readConfig` accepts, with a line on top for the person who opens it. */
export function writeConfig(path: string, config: z.input<typeof configSchema>): void {
  const head = '# The site file of this appliance. Fields and defaults: docs/configuration.md\n';
  writeFileDurable(path, head + stringify(configSchema.parse(config)), 0o640);
}

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}

function parseYaml(text: string, path: string): unknown {
  try {
    return parse(text);
  } catch (cause) {
    throw new ConfigError('CONFIG_INVALID', `${path} is not valid YAML`, {
      hint: 'Check indentation and colons near the place the cause names.',
      cause,
    });
  }
}
