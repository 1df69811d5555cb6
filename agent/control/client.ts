import { connect } from 'node:net';
import { codeOf, GatewayError } from '../../core/errors.ts';
import type { ControlRequest, ControlResponse } from '../../protocol/control.ts';
import { reachable } from './socket.ts';

export class ControlError extends GatewayError<string> {}

const largestAnswerBytes = 1 << 20;

/**
 * Asks the daemon one question over its control socket. Resolves with undefined when no daemon listens there.
 * Throws ControlError with the daemon's own code when it refuses, or CONTROL_TIMEOUT when it does not answer.
 */
export async function ask(socketPath: string, request: ControlRequest, withinMs = 5_000): Promise<unknown> {
  const answer = await exchange(socketPath, `${JSON.stringify(request)}\n`, withinMs);
  if (answer === undefined) return undefined;
  const response = JSON.parse(answer) as ControlResponse;
  if (response.ok) return response.result;
  const { code, message, hint } = response.error;
  throw new ControlError(code, message, hint === undefined ? {} : { hint });
}

function exchange(socketPath: string, question: string, withinMs: number): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect(reachable(socketPath));
    const timer = setTimeout(() => {
      socket.destroy();
      reject(
        new ControlError('CONTROL_TIMEOUT', `the daemon did not answer within ${withinMs} ms`, {
          hint: 'It may be starting or stuck; see its log, or restart it.',
        }),
      );
    }, withinMs);
    let answer = '';
    socket.setEncoding('utf8');
    socket.on('connect', () => socket.end(question));
    socket.on('data', (text: string) => {
      answer += text;
      if (answer.length > largestAnswerBytes) socket.destroy(new Error('the answer is too long'));
    });
    socket.on('error', (error) => {
      clearTimeout(timer);
      if (['ENOENT', 'ECONNREFUSED'].includes(codeOf(error) ?? '')) resolve(undefined);
      else reject(error);
    });
    socket.on('end', () => {
      clearTimeout(timer);
      if (answer === '') reject(new ControlError('CONTROL_CLOSED', 'the daemon closed without an answer'));
      else resolve(answer);
    });
  });
}
