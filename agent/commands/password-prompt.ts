import { UsageError } from '../../core/cli.ts';
import { maxPasswordLength } from '../../protocol/control.ts';

/**
 * A password from whoever runs the command: typed without echo on a terminal, else the first line of standard input.
 * Never an argument or an environment variable: other users of the machine can read those.
 */
export async function readPassword(question: string): Promise<string> {
  const password = process.stdin.isTTY ? await prompt(question) : await firstLine();
  if (password === '') throw new UsageError('MISUSED', 'no password was given');
  if (password.length > maxPasswordLength) {
    throw new UsageError('MISUSED', `a password has at most ${maxPasswordLength} characters`);
  }
  return password;
}

async function firstLine(): Promise<string> {
  let text = '';
  process.stdin.setEncoding('utf8');
  for await (const piece of process.stdin) {
    text += piece as string;
    if (text.includes('\n') || text.length > maxPasswordLength + 2) break;
  }
  return text.split(/\r?\n/, 1)[0] ?? '';
}

const backspace = ['\u0008', '\u007f'];
const lineErase = '\u0015';
const interrupt = ['\u0003', '\u0004'];

function prompt(question: string): Promise<string> {
  const { stdin, stderr } = process;
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let typed: string[] = [];
  const take = (text: string) => {
    for (const key of text) {
      if (key === '\r' || key === '\n') return resolve(typed.join(''));
      if (interrupt.includes(key)) return reject(new UsageError('MISUSED', 'nothing was typed'));
      if (backspace.includes(key)) typed.pop();
      else if (key === lineErase) typed = [];
      else typed.push(key);
    }
  };
  stderr.write(question);
  stdin.setEncoding('utf8').setRawMode(true).resume().on('data', take);
  return promise.finally(() => {
    stdin.off('data', take).setRawMode(false).pause();
    stderr.write('\n');
  });
}
