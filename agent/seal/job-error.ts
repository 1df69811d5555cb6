import { asError, GatewayError } from '../../core/errors.ts';
import type { JobError } from './jobs.ts';

/** A job that failed in a worker; `code` is the room's own (CartoError, ArchiveError) or WORKER_DIED. */
export class SealError extends GatewayError<string> {}

/** Our own errors keep code, message and hint; anything else crosses as its code only, its text could quote a source. */
export async function carry(thrown: unknown): Promise<JobError> {
  const { describe } = await import('../../core/log.ts');
  const error = asError(thrown);
  const { name, code, message, hint } = describe(error);
  return { name, code: code ?? 'UNEXPECTED', message: message ?? 'the job failed', ...(hint ? { hint } : {}) };
}

export function revive(error: JobError): SealError {
  return new SealError(error.code, error.message, error.hint === undefined ? {} : { hint: error.hint });
}
