// What pages that are gone have left: files that they made for a person, and blobs of a restore that was cut off.

import { removeOldTemporaries } from './temporary.ts';
import type { Workspace } from './workspace.ts';

/** Removes it. @throws UserError where there is an incident, as nobody knows then what is left over */
export function removeLeftovers(ws: Workspace): Promise<void> {
  return removeOldTemporaries(ws.name, async () => {
    const { cleanUp } = await import('./cleanUp.ts');
    await cleanUp(ws, ['files']);
  });
}
