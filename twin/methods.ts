import { codeOf } from '../core/errors.ts';
import { describe, type Log } from '../core/log.ts';
import { withDeadline } from '../core/retry.ts';
import type { MethodHandler } from '../protocol/link.ts';
import type { LinkLimits } from './limits.ts';

export interface MethodAnswer {
  readonly status: number;
  readonly payload: unknown;
}

/**
 * Runs the handler of a direct method and always comes back with an answer: 413 for a payload that is too large, 504
 * when the handler thinks too long, 500 with nothing but a code when it fails. Messages stay in the local log.
 */
export async function answerMethod(
  call: { readonly name: string; readonly payload: unknown; readonly handler: MethodHandler },
  deps: { readonly log: Log; readonly limits: Pick<LinkLimits, 'methodMs' | 'maxMethodBytes'> },
): Promise<MethodAnswer> {
  const { limits, log } = deps;
  if (sizeOf(call.payload) > limits.maxMethodBytes) return failure(413, 'PAYLOAD_TOO_LARGE');
  try {
    const answer = await withDeadline(call.handler(call.payload), limits.methodMs, `method ${call.name}`);
    if (sizeOf(answer.payload) > limits.maxMethodBytes) return failure(500, 'ANSWER_TOO_LARGE');
    return { status: answer.status, payload: answer.payload ?? null };
  } catch (error) {
    log.warn({ method: call.name, error: describe(error) }, 'direct method failed');
    const late = error instanceof Error && error.name === 'TimeoutError';
    return late ? failure(504, 'DEADLINE') : failure(500, codeOf(error) ?? 'INTERNAL');
  }
}

function failure(status: number, code: string): MethodAnswer {
  return { status, payload: { code } };
}

function sizeOf(payload: unknown): number {
  return payload === undefined ? 0 : Buffer.byteLength(JSON.stringify(payload) ?? '');
}
