// A question that an effect asks of the client, whose answer is heard only as long as nobody has asked anew.

/**
 * Hands on the answer to a question unless the effect that asked has run again by then.
 * @returns the effect's clean-up
 */
export function ask<T>(question: Promise<T>, tell: (answer: T) => void, fail: (reason: unknown) => void): () => void {
  let current = true;
  question.then(
    (answer) => {
      if (current) tell(answer);
    },
    (reason: unknown) => {
      if (current) fail(reason);
    },
  );
  return () => {
    current = false;
  };
}
