import { z } from 'zod';
import { CertsError, type CertsErrorCode } from './errors.ts';
import type { HttpsAnswer } from './https-request.ts';

/** Our EST server's problem details (RFC 9457); other servers send none, and then the status must do. */
const problemSchema = z.looseObject({ code: z.string().regex(/^[a-z-]{1,40}$/) });

export type EstOperation = 'cacerts' | 'simpleenroll' | 'simplereenroll';

/** What a refusal of the EST server means for this appliance. */
export function estProblem(operation: EstOperation, { status, body }: HttpsAnswer): CertsError {
  const found = problemCode(body);
  const code = codeOf(operation, status, found);
  return new CertsError(code, `EST ${operation} was answered ${status}${found === undefined ? '' : ` ${found}`}`);
}

function codeOf(operation: EstOperation, status: number, found: string | undefined): CertsErrorCode {
  if (status >= 500 || status === 408 || status === 429) return 'SERVER_FAILED';
  switch (found) {
    case 'already-used':
      return 'ALREADY_USED';
    case 'denied':
      return 'DENIED';
    case 'revoked':
      return 'REVOKED';
    case 'subject-mismatch':
      return 'WRONG_DEVICE';
    case 'certificate-expired':
      return operation === 'simpleenroll' ? 'ONBOARDING_EXPIRED' : 'OPERATIONAL_EXPIRED';
    case 'too-many-requests':
      return 'REQUEST_REFUSED';
    default:
      return status === 401 || status === 403 ? 'CLIENT_CERTIFICATE_REFUSED' : 'REQUEST_REFUSED';
  }
}

function problemCode(body: string): string | undefined {
  try {
    const problem = problemSchema.safeParse(JSON.parse(body));
    return problem.success ? problem.data.code : undefined;
  } catch {
    return undefined;
  }
}
