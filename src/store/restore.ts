// Puts a backup back: every blob first, its hash seen to be right on the way and once more on the disk, then all records in
// one commit. Until that commit is complete nothing is visible; what a restore that was cut off has left is removed by the
// next visit (leftovers.ts). What becomes of what is here already is decided in restorePlan.ts.

import { abortError, UserError } from '../base/errors.ts';
import { blobsOf, lineageOf, soundPart, type Damage, type RecordMaps } from './backupScope.ts';
import { KINDS } from './kinds.ts';
import type { Backup } from './readBackup.ts';
import { planRestore, type Renaming, type RestoredItem } from './restorePlan.ts';
import { salvage } from './salvage.ts';
import { marking } from './temporary.ts';
import type { Workspace } from './workspace.ts';

export interface RestoreReport {
  /** what is new here */
  added: RestoredItem[];
  /** what was here already; it stays as it is here */
  same: RestoredItem[];
  /** what came under another name, as here something else has the one that it had */
  renamed: Renaming[];
  /** what was left out, on consent */
  damaged: Damage[];
  /** blobs that were gone or damaged here and are whole again, of what was here already */
  repairedBlobs: number;
}

export interface RestoreOptions {
  /** these with their lineage; all that is in the backup where it is left out */
  models?: string[];
  /** leaves out what is damaged instead of refusing the whole */
  skipDamaged?: boolean;
  signal?: AbortSignal;
  onProgress?: (progress: RestoreProgress) => void;
}

export interface RestoreProgress {
  doneBytes: number;
  totalBytes: number;
}

/** Damages that an error names. */
const LISTED = 10;

/**
 * All of what was asked for, or nothing.
 * @throws UserError where something is damaged and `skipDamaged` is not set, a model is unknown, or there is no room
 */
export async function restoreBackup(ws: Workspace, backup: Backup, o: RestoreOptions = {}): Promise<RestoreReport> {
  const chosen = o.models ? lineageOf(backup.records, o.models) : backup.records;
  refuse(backup.damaged, o);
  if (await ws.incident()) await salvage(ws); // what was lost here is no reason to lose what was not
  const put = async () => {
    const { written, broken } = await receiveBlobs(ws, backup, chosen, o);
    const { sound, damaged } = soundPart(chosen, (hash) => !broken.has(hash));
    const all = [...backup.damaged, ...damaged];
    refuse(all, o);
    return ws.commit('the backup', async (draft) => {
      const here = await ws.maps(...KINDS); // nobody writes meanwhile
      const { puts, added, same, renamed } = planRestore(sound, here, draft.lastRun(), ws.now());
      if (!o.models) draft.lastRun(backup.manifest.lastRun);
      for (const kind of KINDS) for (const [key, value] of puts[kind]) draft.put(kind, key, value);
      const fresh = blobsOf(puts);
      return { added, same, renamed, damaged: all, repairedBlobs: written.filter((hash) => !fresh.has(hash)).length };
    });
  };
  return marking(ws.name, () => ws.holdBlobs(put));
}

/** Keeps every blob of these records that is not here already. @returns those that were written, and those that cannot be */
async function receiveBlobs(
  ws: Workspace,
  backup: Backup,
  records: RecordMaps,
  { signal, onProgress }: RestoreOptions,
): Promise<{ written: string[]; broken: Set<string> }> {
  const wanted = blobsOf(records);
  const blobs = backup.manifest.blobs.filter(({ sha256 }) => wanted.has(sha256));
  const totalBytes = blobs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const written: string[] = [];
  const broken = new Set(wanted);
  let doneBytes = 0;
  for (const { sha256, sizeBytes } of blobs) {
    if (signal?.aborted) throw abortError();
    onProgress?.({ doneBytes, totalBytes });
    const outcome = await ws.receiveBlob(sha256, () => backup.openBlob(sha256), 'the backup', signal);
    if (outcome !== 'wrong') broken.delete(sha256);
    if (outcome === 'written') written.push(sha256);
    doneBytes += sizeBytes;
  }
  onProgress?.({ doneBytes, totalBytes });
  return { written, broken };
}

function refuse(damaged: Damage[], { skipDamaged = false }: RestoreOptions): void {
  if (damaged.length === 0 || skipDamaged) return;
  const listed = damaged.slice(0, LISTED).map(({ what, why }) => `${what} (${why})`);
  const more = damaged.length > LISTED ? `, and ${damaged.length - LISTED} more` : '';
  throw new UserError(
    'invalid',
    `backup: ${damaged.length} ${damaged.length === 1 ? 'thing in it is' : 'things in it are'} damaged: ${listed.join('; ')}${more}. Nothing was restored; use another copy, or restore the rest (skipDamaged).`,
  );
}
