// Keeps away from the browser's files for a moment where it seems to clear them. A browser that clears an origin closes
// its databases and removes its files side by side. Chromium (seen in 150) locks itself up where a page asks for its
// folder meanwhile: it opens the index of the files anew before it has let go of the old one, waits for itself up to a
// minute, and answers no page. Asked a tenth of a second later it never did.

/** Clearing was seen to take half a second on a loaded machine. */
const AWAY_MS = 1500;
let awayUntil = 0;

/** Something has gone that no page removed. */
export function standBack(): void {
  awayUntil = performance.now() + AWAY_MS;
}

/** Resolves when the browser should be through with clearing; at once where it does nothing of the kind. */
export async function cleared(): Promise<void> {
  for (let restMs; (restMs = awayUntil - performance.now()) > 0;) {
    await new Promise((resolve) => setTimeout(resolve, restMs));
  }
}
