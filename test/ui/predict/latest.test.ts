import { expect, it, vi } from 'vitest';
import { askLatest } from '../../../src/ui/predict/latest.ts';

function deferred() {
  const asked: { question: number; answer: (value: string) => void; fail: (error: Error) => void }[] = [];
  const ask = (question: number) =>
    new Promise<string>((answer, fail) => {
      asked.push({ question, answer, fail });
    });
  return { asked, ask };
}

it('asks only the last of a burst, and once the earlier question is answered', async () => {
  vi.useFakeTimers();
  const { asked, ask } = deferred();
  const told: unknown[] = [];
  const latest = askLatest(10, ask, (answer) => told.push(answer));
  latest.ask(1);
  latest.ask(2);
  await vi.advanceTimersByTimeAsync(20);
  expect(asked.map(({ question }) => question)).toEqual([2]);
  latest.ask(3);
  await vi.advanceTimersByTimeAsync(20);
  latest.ask(4);
  await vi.advanceTimersByTimeAsync(20);
  asked[0].answer('to 2');
  await vi.advanceTimersByTimeAsync(20);
  expect(asked.map(({ question }) => question)).toEqual([2, 4]);
  asked[1].answer('to 4');
  await vi.advanceTimersByTimeAsync(20);
  expect(told).toEqual(['to 4']);
  vi.useRealTimers();
});

it('tells of a failure, goes on after it, and is silent once cancelled', async () => {
  vi.useFakeTimers();
  const { asked, ask } = deferred();
  const told: [string | null, unknown][] = [];
  const latest = askLatest(0, ask, (answer, error) => told.push([answer, error]));
  latest.ask(1);
  await vi.advanceTimersByTimeAsync(5);
  asked[0].fail(new Error('no'));
  await vi.advanceTimersByTimeAsync(5);
  expect(told).toEqual([[null, new Error('no')]]);
  latest.ask(2);
  await vi.advanceTimersByTimeAsync(5);
  latest.cancel();
  asked[1].answer('late');
  await vi.advanceTimersByTimeAsync(5);
  expect(told).toHaveLength(1);
  vi.useRealTimers();
});
