// What to do while a browser clears what it keeps for the open page: it closes the databases and removes the files side
// by side. Chromium (seen in 150) locks its file system up where a page asks for its folder, or writes, meanwhile: it
// opens the index of the files anew before it has let go of the old one, waits for itself, and answers no page any more
// until it is started again. Asked a tenth of a second later it never did. So the files are left alone for a moment where
// something has gone that no page removed, and where they do not answer after that, whoever waits is told.

import { incidentError, SILENT } from './incident.ts';

/** Clearing was seen to take half a second on a loaded machine. */
const AWAY_MS = 1500;
/** So long after it the files may still turn out to be locked up: the first answers may come. */
const DOUBT_MS = 30_000;
const PATIENCE_MS = 4000;
const LOOK_MS = 500;

let awayUntil = 0;
/** what is asked before is refused at once */
let silentUntil = 0;
/** set while there is doubt */
let watch: ReturnType<typeof setInterval> | undefined;
/** questions that wait, and since when */
const waiting = new Map<() => void, number>();

/** Something has gone that no page removed. */
export function standBack(): void {
  awayUntil = performance.now() + AWAY_MS;
  watch ??= setInterval(giveUpOnOld, LOOK_MS);
}

function giveUpOnOld(): void {
  const now = performance.now();
  for (const [giveUp, begun] of waiting) {
    if (now - begun <= PATIENCE_MS) continue;
    giveUp();
    silentUntil = now + PATIENCE_MS;
  }
  if (now < awayUntil + DOUBT_MS) return;
  clearInterval(watch);
  watch = undefined;
}

/**
 * Resolves when the browser should be through with clearing; at once where it does nothing of the kind.
 * @throws UserError where it has just not answered
 */
export async function cleared(): Promise<void> {
  if (performance.now() < silentUntil) throw incidentError(SILENT);
  for (let restMs; (restMs = awayUntil - performance.now()) > 0;) {
    await new Promise((resolve) => setTimeout(resolve, restMs));
  }
}

/** What the file system answers. @throws UserError where it does not, and the browser may have cleared the files */
export function answered<T>(question: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => {
      waiting.delete(giveUp);
      reject(incidentError(SILENT));
    };
    waiting.set(giveUp, performance.now());
    question.then(resolve, reject).finally(() => waiting.delete(giveUp));
  });
}
