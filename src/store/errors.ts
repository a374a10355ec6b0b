// What can go wrong with a browser's storage, by name. Whoever writes says what of, so that a person reads it.

import { UserError } from '../base/errors.ts';

/** There was no room. What was being written is not there at all; everything else is as it was. */
function quotaError(what: string, cause: unknown): UserError {
  return new UserError(
    'unsupported',
    `storage: there is no room for ${what}. Nothing of it was saved and nothing else was lost; remove data sets or versions, or free disk space, then try again.`,
    { cause },
  );
}

export function isQuotaError(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'QuotaExceededError';
}

/** `error` as it is, or by its name where it says that there was no room, or that what was written to is gone. */
export function nameWriteError(error: unknown, what: string): unknown {
  if (isQuotaError(error)) return quotaError(what, error);
  const lost = isGone(error) || (error instanceof DOMException && error.name === 'InvalidStateError');
  return lost ? closedError(what, error) : error;
}

/** There is no such file or folder. */
export function isGone(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'NotFoundError';
}

/** Why an IndexedDB or a folder cannot be opened; errors that are no DOMException are passed on. */
export function openingError(error: unknown, name: string): unknown {
  if (!(error instanceof DOMException)) return error;
  switch (error.name) {
    case 'QuotaExceededError':
      return quotaError('the database', error);
    case 'SecurityError':
    case 'InvalidStateError':
    case 'NotAllowedError':
      return blockedError(error);
    default:
      return new UserError(
        'invalid',
        `storage '${name}': the browser cannot open it (${error.name}: ${error.message}). Reload the page; if it stays so, its files on disk are damaged.`,
        { cause: error },
      );
  }
}

/** The files of a database are damaged, as far as the browser says. */
export function isUnreadable(error: unknown): boolean {
  return error instanceof DOMException && ['UnknownError', 'NotReadableError'].includes(error.name);
}

/** The browser has closed the database under the page, before a transaction or in the middle of one. */
export function isClosed(error: unknown): boolean {
  return error instanceof DOMException && ['InvalidStateError', 'AbortError'].includes(error.name);
}

export function closedError(what: string, cause?: unknown): UserError {
  return new UserError(
    'invalid',
    `storage: the browser closed it while ${what} was written. Nothing of it was saved; try again.`,
    { cause },
  );
}

/** The browser lets this page keep nothing. */
export function blockedError(cause?: unknown): UserError {
  return new UserError(
    'unsupported',
    'storage: this browser does not let this page keep anything (private window, or cookies blocked). Allow storage for it, then reload.',
    { cause },
  );
}
