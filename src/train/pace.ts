// How a long computation shares its thread: it lets waiting messages in every few milliseconds, in a background tab too.

/** Longest stretch of work between two looks at the messages, in milliseconds. */
const STRETCH_MS = 30;

/**
 * Ends the current task, so that waiting messages are handled. Not a timer, which a background tab clamps to a second,
 * nor `scheduler.yield`, which goes ahead of the messages that it should let in.
 */
export function nextTask(): Promise<void> {
  if (typeof setImmediate === 'function') return new Promise((resolve) => setImmediate(resolve));
  return new Promise((resolve) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
      channel.port1.close();
      resolve();
    };
    channel.port2.postMessage(null);
  });
}

/** A function that lets messages in if the last time was a while ago. */
export function createPace(): () => Promise<void> {
  let last = performance.now();
  return async () => {
    if (performance.now() - last < STRETCH_MS) return;
    await nextTask();
    last = performance.now();
  };
}
