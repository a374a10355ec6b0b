// Runs a question again and again and lets only the answer to the latest through.

/** @param wait milliseconds without another question before one is asked */
export function askLatest<Q, A>(
  wait: number,
  ask: (question: Q) => Promise<A>,
  tell: (answer: A | null, error: unknown) => void,
): { ask: (question: Q) => void; cancel: () => void } {
  let number = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let busy: Promise<unknown> = Promise.resolve();

  async function run(question: Q, mine: number): Promise<void> {
    await busy; // one question at a time: those passed over meanwhile are never asked
    if (mine !== number) return;
    const asked = ask(question);
    busy = asked.catch(() => undefined); // told below
    try {
      const answer = await asked;
      if (mine === number) tell(answer, null);
    } catch (error) {
      if (mine === number) tell(null, error);
    }
  }

  return {
    ask(question) {
      clearTimeout(timer);
      const mine = ++number;
      timer = setTimeout(() => void run(question, mine), wait);
    },
    cancel() {
      clearTimeout(timer);
      number++;
    },
  };
}
