import { z } from 'zod';
import { GatewayError } from '../../core/errors.ts';
import { type ControlFrom, type ControlRequest, maxPasswordLength } from '../../protocol/control.ts';
import { caseIdSchema, importIdSchema } from '../../protocol/ids.ts';
import { itemIdSchema } from '../../protocol/outbox.ts';

export class RequestError extends GatewayError<'UNKNOWN_VERB' | 'BAD_REQUEST'> {}

const holder = z.string().min(1).max(100);
const reason = z.string().min(1).max(1000);

/** What the socket takes, verb by verb. The compiler finds a verb without its row. */
const requests: { readonly [Verb in ControlRequest['verb']]: z.ZodType<Extract<ControlRequest, { verb: Verb }>> } = {
  status: z.object({ verb: z.literal('status') }),
  'procedure-status': z.object({ verb: z.literal('procedure-status') }),
  'procedure-start': z.object({
    verb: z.literal('procedure-start'),
    reason: z.string(),
    holder,
    forMs: z
      .number()
      .positive()
      .max(24 * 3_600_000)
      .exactOptional(),
  }),
  'procedure-stop': z.object({ verb: z.literal('procedure-stop'), holder }),
  'procedure-override': z.object({
    verb: z.literal('procedure-override'),
    reason: z.string().min(1),
    forMs: z
      .number()
      .positive()
      .max(24 * 3_600_000),
  }),
  'procedure-override-end': z.object({ verb: z.literal('procedure-override-end') }),
  'case-release': z.object({ verb: z.literal('case-release'), caseId: caseIdSchema }),
  'case-unlock': z.object({
    verb: z.literal('case-unlock'),
    caseId: caseIdSchema,
    password: z.string().min(1).max(maxPasswordLength),
  }),
  'case-unlock-status': z.object({ verb: z.literal('case-unlock-status'), caseId: caseIdSchema }),
  'outbox-retry': z.object({ verb: z.literal('outbox-retry'), itemId: itemIdSchema }),
  'outbox-drop': z.object({
    verb: z.literal('outbox-drop'),
    itemId: itemIdSchema,
    reason: z.string().min(1).max(500),
  }),
  'case-hold': z.object({ verb: z.literal('case-hold'), caseId: caseIdSchema, reason }),
  'case-retry': z.object({ verb: z.literal('case-retry'), caseId: caseIdSchema }),
  'case-withdraw': z.object({ verb: z.literal('case-withdraw'), caseId: caseIdSchema, reason }),
  'case-export': z.object({
    verb: z.literal('case-export'),
    caseId: caseIdSchema,
    to: z.string().startsWith('/').max(4096),
    form: z.enum(['files', 'archives']),
  }),
  'case-export-status': z.object({ verb: z.literal('case-export-status'), caseId: caseIdSchema }),
  'import-start': z.object({ verb: z.literal('import-start'), path: z.string().startsWith('/').max(4096) }),
  'import-status': z.object({ verb: z.literal('import-status'), importId: importIdSchema }),
  'audit-take': z.object({ verb: z.literal('audit-take') }),
};

const uid = z.int().nonnegative();
const fromSchema = z.object({
  uid: uid.exactOptional(),
  behalfOf: uid.exactOptional(),
  claim: z.string().exactOptional(),
});

export interface Asked {
  readonly request: ControlRequest;
  /** Who asks, by their own word; empty when they did not say. */
  readonly from: ControlFrom;
}

/** Parses the line of a request. Throws UNKNOWN_VERB, or BAD_REQUEST for anything else that is not a request. */
export function parseRequest(line: string): Asked {
  const found = parseJson(line);
  const verb = typeof found === 'object' && found !== null && 'verb' in found ? found.verb : undefined;
  if (typeof verb !== 'string') throw new RequestError('BAD_REQUEST', 'expected one JSON line with a verb');
  if (!Object.hasOwn(requests, verb)) throw new RequestError('UNKNOWN_VERB', 'the daemon does not know this verb');
  const result = requests[verb as ControlRequest['verb']].safeParse(found);
  if (result.success) {
    const from = fromSchema.safeParse((found as { readonly from?: unknown }).from);
    return { request: result.data, from: from.success ? from.data : {} };
  }
  const fields = result.error.issues.map((issue) => issue.path.join('.'));
  throw new RequestError('BAD_REQUEST', `the request ${verb} is not valid: ${fields.join(', ')}`);
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
