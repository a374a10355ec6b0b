// The one error that a person is meant to read. Its message begins with its code, names the thing and the value, and
// ends with the remedy. Anything that is not a UserError is a bug and is shown with its stack.

export type ErrorCode = 'invalid' | 'unknown' | 'missing' | 'unsupported';

/** An error caused by what a person gave us, shown word for word. `message` begins with `code`. */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly code: ErrorCode;

  /**
   * @param code what kind of fault it is; the message is prefixed with it
   * @param detail the thing, its value, and what to do about it: `target 'price': every value is missing. Pick …`
   */
  constructor(code: ErrorCode, detail: string, options?: ErrorOptions) {
    super(`${code} ${detail}`, options);
    this.code = code;
  }
}

/** The reason of an aborted signal, always an error named AbortError, as the platform's own verbs reject with. */
export function abortError(): DOMException {
  return new DOMException('stopped by the caller', 'AbortError');
}

/** What a call rejects with that was called off. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
