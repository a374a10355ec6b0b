// Typed calls over a MessagePort: request and answer, progress, cancellation, errors. It knows no verb by name.
// One interface of async verbs stands at both ends. An argument that holds `signal` or `onProgress` is the options of a
// call: the two stay at home, and the answering end is handed a signal and an onProgress of its own in their place.

import { abortError, UserError, type ErrorCode } from '../base/errors.ts';

/** What an interface must be to cross: verbs that take and give structured-cloneable values. */
export type Verbs<V> = { [K in keyof V]: (...args: never[]) => Promise<unknown> };

/** The half of a MessagePort that is used here. */
export interface Port {
  postMessage(message: unknown): void;
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
  start?(): void;
}

interface ErrorFacts {
  name: string;
  message: string;
  code?: unknown;
  stack?: string;
}

/** `options` is the index of the argument that is the call's options, -1 where there is none. */
type Request =
  { kind: 'call'; id: number; verb: string; args: unknown[]; options: number } | { kind: 'cancel'; id: number };
type Answer =
  | { kind: 'progress'; id: number; value: unknown }
  | { kind: 'result'; id: number; value: unknown }
  | { kind: 'error'; id: number; error: ErrorFacts };

/** What a call may be given as its last argument: how to call it off, and who hears how far it is. */
export interface CallOptions<P> {
  signal?: AbortSignal;
  onProgress?: (progress: P) => void;
}

type Options = CallOptions<unknown>;

interface Call extends Options {
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
  cancel: () => void;
}

export interface Connection<V> {
  verbs: V;
  /** Rejects every call that waits, and every later one: the other end is dead. */
  fail(error: Error): void;
}

/** Makes an object whose verbs (`names`, all of V's) are answered by whoever serves the other end of `port`. */
export function connect<V extends Verbs<V>>(port: Port, names: readonly (keyof V & string)[]): Connection<V> {
  const calls = new Map<number, Call>();
  let lastId = 0;
  let dead: Error | null = null;

  port.addEventListener('message', ({ data }: MessageEvent<Answer>) => {
    const call = calls.get(data.id);
    if (!call) return;
    if (data.kind === 'progress') return call.onProgress?.(data.value);
    settle(data.id, call);
    if (data.kind === 'result') call.resolve(data.value);
    else call.reject(reviveError(data.error));
  });
  port.start?.();

  function settle(id: number, call: Call): void {
    calls.delete(id);
    call.signal?.removeEventListener('abort', call.cancel);
  }

  function send(verb: string, args: unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const options = args.findIndex(isOptions);
      const { signal, onProgress, ...rest } = (args[options] ?? {}) as Options;
      if (dead) return reject(dead);
      if (signal?.aborted) return reject(abortError());
      const id = ++lastId;
      // An aborted call is settled by its answer, so that it has let go of everything once its promise rejects.
      const cancel = () => port.postMessage({ kind: 'cancel', id } satisfies Request);
      const sent = options < 0 ? args : args.with(options, rest);
      port.postMessage({ kind: 'call', id, verb, args: sent, options } satisfies Request);
      calls.set(id, { resolve, reject, onProgress, signal, cancel });
      signal?.addEventListener('abort', cancel);
    });
  }

  return {
    verbs: Object.fromEntries(names.map((name) => [name, (...args: unknown[]) => send(name, args)])) as unknown as V,
    fail(error) {
      dead = error;
      for (const [id, call] of calls) {
        settle(id, call);
        call.reject(error);
      }
    },
  };
}

/** Answers the calls that arrive on `port` with `verbs`. */
export function serve<V extends Verbs<V>>(port: Port, verbs: V): void {
  const running = new Map<number, AbortController>();
  const answer = (message: Answer) => port.postMessage(message);

  async function run(request: Request & { kind: 'call' }): Promise<void> {
    const { id, verb, options } = request;
    const abort = new AbortController();
    running.set(id, abort);
    try {
      if (!Object.hasOwn(verbs, verb))
        throw new UserError('unknown', `verb '${verb}': the page is newer than its worker. Reload it.`);
      const onProgress = (value: unknown) => {
        if (running.has(id)) answer({ kind: 'progress', id, value });
      };
      const given = { ...(request.args[options] as object), signal: abort.signal, onProgress };
      const args = options < 0 ? request.args : request.args.with(options, given);
      const value = await (verbs[verb as keyof V] as unknown as (...args: unknown[]) => Promise<unknown>)(...args);
      running.delete(id);
      answer({ kind: 'result', id, value });
    } catch (error) {
      running.delete(id);
      answer({ kind: 'error', id, error: describeError(error) });
    }
  }

  port.addEventListener('message', ({ data }: MessageEvent<Request>) => {
    if (data.kind === 'call') void run(data);
    else running.get(data.id)?.abort(abortError());
  });
  port.start?.();
}

function isOptions(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { signal, onProgress } = value as Record<string, unknown>;
  return signal instanceof AbortSignal || typeof onProgress === 'function';
}

function describeError(error: unknown): ErrorFacts {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  return { name: error.name, message: error.message, code: (error as { code?: unknown }).code, stack: error.stack };
}

function reviveError({ name, message, code, stack }: ErrorFacts): Error {
  if (name === 'AbortError') return new DOMException(message, name);
  const error =
    name === 'UserError'
      ? new UserError(code as ErrorCode, message.slice(`${code as string} `.length))
      : Object.assign(new Error(message), code === undefined ? { name } : { name, code });
  if (stack) error.stack = stack;
  return error;
}
