// What pages that are gone have left: files that they made for a person, blobs of a restore that was cut off, and what
// Chromium leaves beside a file when it is killed while it writes it.

import { listFiles, SWAP } from './files.ts';
import { removeOldTemporaries } from './temporary.ts';
import type { Workspace } from './workspace.ts';

/** Removes it. @throws UserError where there is an incident, as nobody knows then what is left over */
export async function removeLeftovers(ws: Workspace): Promise<void> {
  const clean = async () => {
    const { cleanUp } = await import('./cleanUp.ts');
    await cleanUp(ws, ['files']);
  };
  await removeOldTemporaries(ws.name, clean);
  // the ledger is written last, when a restore has taken its mark away
  const { folder } = await ws.place();
  if ((await listFiles(folder)).some((name) => name.endsWith(SWAP))) await clean();
}
