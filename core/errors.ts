/**
 * The one error family of the product. `code` is for branching, `message` says what was expected and what was found,
 * `hint` says what the reader can do about it, `cause` keeps the original. No message ever carries a patient value,
 * a file's original name, a key or a token: messages reach logs, the twin and the terminal.
 */
export class GatewayError<Code extends string = string> extends Error {
  readonly code: Code;
  readonly hint: string | undefined;

  constructor(code: Code, message: string, options: { readonly hint?: string; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.hint = options.hint;
  }
}

/** The `code` of any error that has one (ours, Node's system errors), else undefined. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** A thrown value as an Error, so that a `catch` can log or wrap whatever arrived. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
