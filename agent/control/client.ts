import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { codeOf, GatewayError } from '../../core/errors.ts';
import type { ControlFrom, ControlRequest, ControlResponse } from '../../protocol/control.ts';
import { dropClaim, makeClaim, whoRuns } from '../audit/claim.ts';
import { verbRecords } from '../audit/verb-records.ts';
import { reachable } from './socket.ts';

/** The daemon's own code when it refused; else CONTROL_TIMEOUT, CONTROL_CLOSED, CONTROL_GARBLED or CONTROL_FAILED. */
export class ControlError extends GatewayError<string> {}

const largestAnswerBytes = 1 << 20;

/**
 * Asks the daemon one question over its control socket. Resolves with undefined when no daemon listens there; throws
 * ControlError when it refuses or does not answer properly.
 */
export async function ask(socketPath: string, request: ControlRequest, withinMs = 5_000): Promise<unknown> {
  if (!existsSync(socketPath)) return undefined;
  const claims = join(dirname(socketPath), 'claims');
  const claim = verbRecords[request.verb] === 'reads' ? undefined : makeClaim(claims);
  let answer: string | undefined;
  try {
    answer = await exchange(socketPath, `${JSON.stringify({ ...request, from: whoAsks(claim) })}\n`, withinMs);
  } finally {
    if (claim !== undefined) dropClaim(claims, claim);
  }
  if (answer === undefined) return undefined;
  const response = parse(answer);
  if (response.ok) return response.result;
  const { code, message, hint } = response.error;
  throw new ControlError(code, message, hint === undefined ? {} : { hint });
}

function whoAsks(claim: string | undefined): ControlFrom {
  const { uid, behalfOf } = whoRuns(process.env);
  return {
    ...(uid === undefined ? {} : { uid }),
    ...(behalfOf === undefined ? {} : { behalfOf }),
    ...(claim === undefined ? {} : { claim }),
  };
}

async function exchange(socketPath: string, question: string, withinMs: number): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect(reachable(socketPath));
    let answer = '';
    const timer = setTimeout(() => socket.destroy(late(withinMs)), withinMs);
    socket.setEncoding('utf8');
    socket.on('connect', () => socket.end(question));
    socket.on('data', (text: string) => {
      answer += text;
      if (answer.length > largestAnswerBytes)
        socket.destroy(new ControlError('CONTROL_GARBLED', 'the answer is too long'));
    });
    socket.on('error', (error) => {
      if (['ENOENT', 'ECONNREFUSED'].includes(codeOf(error) ?? '')) resolve(undefined);
      else if (error instanceof ControlError) reject(error);
      else reject(new ControlError('CONTROL_FAILED', 'the control socket failed', { cause: error }));
    });
    socket.on('close', () => {
      clearTimeout(timer);
      if (answer === '') reject(new ControlError('CONTROL_CLOSED', 'the daemon closed without an answer'));
      else resolve(answer);
    });
  });
}

function parse(answer: string): ControlResponse {
  try {
    return JSON.parse(answer) as ControlResponse;
  } catch (cause) {
    throw new ControlError('CONTROL_GARBLED', 'the answer of the daemon is not whole', { cause });
  }
}

function late(withinMs: number): ControlError {
  return new ControlError('CONTROL_TIMEOUT', `the daemon did not answer within ${withinMs} ms`, {
    hint: 'It may be starting or stuck; see its log, or restart it.',
  });
}
