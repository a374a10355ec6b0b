import { afterEach, describe, expect, it } from 'vitest';
import { UserError } from '../../src/base/errors.ts';
import { connect, serve, type Connection } from '../../src/worker/channel.ts';

interface Options {
  signal?: AbortSignal;
  onProgress?: (done: number) => void;
  step?: number;
}

interface Counter {
  add(a: number, b: number): Promise<number>;
  count(to: number, options?: Options): Promise<number>;
  wait(options?: Options): Promise<string>;
  fail(kind: string): Promise<void>;
  give(): Promise<unknown>;
  echo(value: unknown): Promise<unknown>;
}

const NAMES = ['add', 'count', 'wait', 'fail', 'give', 'echo'] as const;

const counter: Counter = {
  add: async (a, b) => a + b,
  async count(to, { onProgress, step = 1 } = {}) {
    for (let done = step; done <= to; done += step) onProgress?.(done);
    return to;
  },
  wait: ({ signal } = {}) =>
    new Promise((_, reject) => signal!.addEventListener('abort', () => reject(signal!.reason as Error))),
  async fail(kind) {
    if (kind === 'user') throw new UserError('missing', "column 'a': it is not there. Add it.");
    if (kind === 'coded') throw Object.assign(new RangeError('too far'), { code: 'E_FAR' });
    throw 'a bare string';
  },
  give: async () => () => 'a function does not cross',
  echo: async (value) => value,
};

const opened: MessagePort[] = [];

function open(): Connection<Counter> {
  const { port1, port2 } = new MessageChannel();
  opened.push(port1, port2);
  const connection = connect<Counter>(port1, NAMES);
  serve<Counter>(port2, counter);
  return connection;
}

afterEach(() => opened.splice(0).forEach((port) => port.close()));

const errorOf = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable(),
    (error: unknown) => error,
  );

describe('a channel', () => {
  it('gives each call its own answer', async () => {
    const { verbs } = open();
    expect(await Promise.all([verbs.add(1, 2), verbs.add(3, 4), verbs.echo({ deep: [1, null] })])).toEqual([
      3,
      7,
      { deep: [1, null] },
    ]);
  });

  it('keeps calls that are made before the other end serves', async () => {
    const { port1, port2 } = new MessageChannel();
    opened.push(port1, port2);
    const sum = connect<Counter>(port1, NAMES).verbs.add(20, 22);
    await new Promise((resolve) => setTimeout(resolve));
    serve<Counter>(port2, counter);
    expect(await sum).toBe(42);
  });

  it('brings progress in order and before the result, and the options that are data', async () => {
    const said: number[] = [];
    const result = await open().verbs.count(6, { step: 2, onProgress: (done) => said.push(done) });
    expect([result, said]).toEqual([6, [2, 4, 6]]);
  });

  it('takes options that hold neither a signal nor a listener as they are', async () => {
    expect(await open().verbs.count(4, { step: 2 })).toBe(4);
  });

  it('cancels by signal and rejects with an AbortError once the other end has let go', async () => {
    const abort = new AbortController();
    const waiting = errorOf(open().verbs.wait({ signal: abort.signal }));
    abort.abort();
    const error = await waiting;
    expect(error).toBeInstanceOf(DOMException);
    expect((error as Error).name).toBe('AbortError');
  });

  it('sends nothing where the signal was aborted before', async () => {
    const error = await errorOf(open().verbs.count(3, { signal: AbortSignal.abort() }));
    expect((error as Error).name).toBe('AbortError');
  });

  it('cancels one call and leaves the others', async () => {
    const { verbs } = open();
    const [first, second] = [new AbortController(), new AbortController()];
    const stays = verbs.wait({ signal: second.signal });
    const goes = errorOf(verbs.wait({ signal: first.signal }));
    first.abort();
    await goes;
    expect(await verbs.add(1, 1)).toBe(2);
    second.abort();
    await errorOf(stays);
  });

  it('brings a UserError over as one, with code, message and stack', async () => {
    const error = (await errorOf(open().verbs.fail('user'))) as UserError;
    expect(error).toBeInstanceOf(UserError);
    expect(error.code).toBe('missing');
    expect(error.message).toBe("missing column 'a': it is not there. Add it.");
    expect(error.stack).toContain('channel.test');
  });

  it('brings other errors over with name and code, and bare values as errors', async () => {
    const { verbs } = open();
    expect(await errorOf(verbs.fail('coded'))).toMatchObject({ name: 'RangeError', message: 'too far', code: 'E_FAR' });
    expect(await errorOf(verbs.fail('bare'))).toMatchObject({ name: 'Error', message: 'a bare string' });
  });

  it('rejects what cannot be cloned, on the way there and on the way back', async () => {
    const { verbs } = open();
    expect(await errorOf(verbs.echo(() => 1))).toMatchObject({ name: 'DataCloneError' });
    expect(await errorOf(verbs.give())).toMatchObject({ name: 'DataCloneError' });
    expect(await verbs.add(1, 1)).toBe(2);
  });

  it('answers no verb that is not its own, such as those of Object.prototype', async () => {
    const { port1, port2 } = new MessageChannel();
    opened.push(port1, port2);
    serve<Counter>(port2, counter);
    const { verbs } = connect<{ toString(): Promise<string> }>(port1, ['toString']);
    expect(await errorOf(verbs.toString())).toMatchObject({ name: 'UserError', code: 'unknown' });
  });

  it('rejects all that waits, and all that comes, once the other end is dead', async () => {
    const { verbs, fail } = open();
    const waiting = [errorOf(verbs.wait({ signal: new AbortController().signal })), errorOf(verbs.wait({}))];
    fail(new Error('the worker has stopped'));
    for (const error of await Promise.all(waiting)) expect(error).toMatchObject({ message: 'the worker has stopped' });
    expect(await errorOf(verbs.add(1, 1))).toMatchObject({ message: 'the worker has stopped' });
  });

  it('keeps a name such as __proto__ as it is', async () => {
    const row = Object.fromEntries([['__proto__', 1]]);
    const back = (await open().verbs.echo(row)) as object;
    expect(Object.hasOwn(back, '__proto__')).toBe(true);
    expect(Object.getPrototypeOf(back)).toBe(Object.prototype);
  });
});
