import { isIP } from 'node:net';
import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { authorities } from '../../protocol/control.ts';
import { roomFields } from './hl7/meaning.ts';

const file = z.string().refine(isAbsolute, 'must be an absolute path');
const minutes = (most: number) => z.number().min(1).max(most);

/** An inbound port: there is none unless all of this is named. */
const listener = {
  address: z.string().refine((text) => isIP(text) !== 0, 'must be an IP address of this machine'),
  port: z.int().min(1).max(65_535),
  peers: z.array(z.string().refine(isPeer, 'must be an address or a network like 10.1.2.0/24')).min(1).max(64),
};

const tls = z.strictObject({ certificate: file, key: file, ca: file.exactOptional() });

const hl7Schema = z.strictObject({
  ...listener,
  tls: tls.exactOptional(),
  /** This room as messages name it: point of care^room^bed^facility; what is left empty matches anything. */
  rooms: z
    .array(
      z
        .string()
        .min(1)
        .max(200)
        .refine((text) => /[^^\s]/.test(text), 'must name something'),
    )
    .min(1)
    .max(16),
  fields: z.array(z.enum(roomFields)).min(1).default(['PV1-3', 'AIL-3']),
  busyMinutes: minutes(24 * 60).default(6 * 60),
  freeMinutes: minutes(24 * 60).default(60),
  presenceMinutes: minutes(24 * 60).default(4 * 60),
});

const aeTitle = z.string().min(1).max(16);

const mppsSchema = z.strictObject({
  ...listener,
  tls: tls.exactOptional(),
  aeTitle,
  /** AE titles that may call. */
  callers: z.array(aeTitle).min(1).max(32),
  /** This room: AE title, station name or location of its modalities. */
  stations: z.array(z.string().min(1).max(64)).min(1).max(32),
  busyMinutes: minutes(24 * 60).default(6 * 60),
  freeMinutes: minutes(24 * 60).default(60),
});

const timetableSchema = z
  .strictObject({
    /** An iCalendar file, or where to fetch one: either. */
    file: file.optional(),
    url: z.url({ protocol: /^https?$/ }).optional(),
    leadMinutes: z.number().min(0).max(240).default(15),
    tailMinutes: z.number().min(0).max(480).default(60),
    maxAgeHours: z
      .number()
      .min(0.1)
      .max(24 * 14)
      .default(26),
    refreshMinutes: minutes(60).default(5),
  })
  .refine(({ file, url }) => (file === undefined) !== (url === undefined), 'needs either file or url');

const neighboursSchema = z.strictObject({
  addresses: z
    .array(z.string().refine((text) => isIP(text) === 4, 'must be an IPv4 address'))
    .min(1)
    .max(32),
  lifetimeMinutes: minutes(24 * 60).default(10),
});

const activitySchema = z
  .strictObject({
    /** Live folders of recorders; never an inbox. */
    folders: z.array(file).min(1).max(8),
    /** They are network shares: one that is not mounted is a fault, which keeps the gate closed. */
    shares: z.boolean().default(false),
    busyBytesPerMinute: z.int().min(1).max(1e12).default(1_000_000),
    quietBytesPerMinute: z.int().min(1).max(1e12).default(200_000),
    quietMinutes: minutes(8 * 60).default(15),
    /** How often a share is listed, and every folder is looked for. */
    pollSeconds: z.number().min(1).max(30).default(30),
  })
  .refine((found) => found.quietBytesPerMinute <= found.busyBytesPerMinute, {
    path: ['quietBytesPerMinute'],
    message: 'must not be above busyBytesPerMinute',
  });

const percent = z.number().min(1).max(100);

const loadSchema = z
  .strictObject({
    busyPercent: percent.default(50),
    quietPercent: percent.default(25),
    quietMinutes: minutes(8 * 60).default(10),
    everySeconds: z.number().min(5).max(60).default(15),
  })
  .refine((found) => found.quietPercent <= found.busyPercent, {
    path: ['quietPercent'],
    message: 'must not be above busyPercent',
  });

/** Codes of linux/input-event-codes.h. */
const keyCode = z.int().min(1).max(0x2ff);

const buttonSchema = z
  .strictObject({
    device: file,
    key: keyCode,
    releaseKey: keyCode.exactOptional(),
    longPressSeconds: z.number().min(1).max(30).default(3),
    forMinutes: minutes(24 * 60).default(4 * 60),
  })
  .refine((found) => found.releaseKey !== found.key, {
    path: ['releaseKey'],
    message: 'must be another key than the one that takes the room',
  });

/** `procedure` in the site's file. A source that is not named here does not exist: nothing listens, nothing is read. */
export const procedureSchema = z
  .strictObject({
    /** Who says that the room is free. Without an answer the gate would never open. */
    authorities: z.array(z.enum(authorities)).min(1),
    coolDownSeconds: z
      .number()
      .min(0)
      .max(24 * 3600)
      .default(120),
    /** The gate closed for longer than this is an alarm, nothing else. */
    stuckHours: z
      .number()
      .min(0.1)
      .max(24 * 7)
      .default(14),
    hl7: hl7Schema.exactOptional(),
    mpps: mppsSchema.exactOptional(),
    timetable: timetableSchema.exactOptional(),
    neighbours: neighboursSchema.exactOptional(),
    activityFolders: activitySchema.exactOptional(),
    load: loadSchema.exactOptional(),
    button: buttonSchema.exactOptional(),
    /** Whether a person may open the gate against evidence that nobody can take back, and for how long. */
    override: z.strictObject({ allowed: z.boolean(), maxMinutes: minutes(8 * 60).default(60) }).exactOptional(),
  })
  .superRefine((found, context) => {
    // An authority that does not exist would never speak, and the gate never open.
    for (const authority of found.authorities) {
      if (authority === 'leases' || found[authority] !== undefined) continue;
      context.addIssue({ code: 'custom', path: [authority], message: `is named as an authority, but not set up` });
    }
  });
export type ProcedureSettings = z.infer<typeof procedureSchema>;

function isPeer(text: string): boolean {
  const [address = '', prefix, ...more] = text.split('/');
  const longest = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  if (longest < 0 || more.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) > 0 && Number(prefix) <= longest);
}
