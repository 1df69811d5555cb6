import type { z } from 'zod';
import { HubError } from '../errors.ts';

/** What a caller sent, as the schema says it must be. Throws ARGUMENT_INVALID naming the first bad field, not its value. */
export function checked<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const where = result.error.issues[0]?.path.join('.') ?? '';
  throw new HubError('ARGUMENT_INVALID', `${where === '' ? 'the request' : where} is missing or not as it must be`);
}
