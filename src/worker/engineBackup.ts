// Backups, from the worker's side: where the file goes, and what is told of it while it is made.

import { version } from '../../package.json';
import { UserError } from '../base/errors.ts';
import { fileName } from '../base/fileName.ts';
import { backupWorkspace } from '../store/backup.ts';
import { removeLeftovers } from '../store/leftovers.ts';
import { readBackup } from '../store/readBackup.ts';
import { restoreBackup } from '../store/restore.ts';
import { createTemporary, type Temporary } from '../store/temporary.ts';
import type { Lathe } from './api.ts';
import type { Context } from './context.ts';

type Arguments<Verb extends keyof Lathe> = Parameters<Lathe[Verb]>;

/** The file that was made last and may still be being saved. The next one takes its place. */
let last: Temporary | null = null;

export async function backup(
  { workspace }: Context,
  { models, passphrase, to }: NonNullable<Arguments<'backup'>[0]> = {},
  { signal, onProgress }: NonNullable<Arguments<'backup'>[1]> = {},
): ReturnType<Lathe['backup']> {
  const facts = { app: version, models: models ?? null, passphrase, signal, onProgress };
  if (to) {
    const contents = await backupWorkspace(workspace, await openPicked(to), facts);
    return { file: null, contents };
  }
  await last?.remove();
  await removeLeftovers(workspace).catch(console.warn); // the next visit does it
  const day = new Date(workspace.now()).toISOString().slice(0, 10);
  const stem = models?.length === 1 ? fileName(models[0], 'model') : 'lathe';
  const temporary = (last = await createTemporary(workspace.name, `${stem}-backup-${day}.zip`));
  try {
    const contents = await backupWorkspace(workspace, temporary.to, facts);
    return { file: await temporary.file(), contents };
  } catch (error) {
    await temporary.remove();
    last = null;
    throw error;
  }
}

export async function inspectBackup(
  file: File,
  { passphrase }: NonNullable<Arguments<'inspectBackup'>[1]> = {},
): ReturnType<Lathe['inspectBackup']> {
  const { sealed, open } = await reading(file, () => readBackup(file));
  if (sealed && passphrase === undefined) return { sealed, contents: null, damaged: [] };
  const { contents, damaged } = await reading(file, () => open(passphrase));
  return { sealed, contents, damaged };
}

export async function restore(
  { workspace, predictions }: Context,
  file: File,
  { passphrase, models, skipDamaged }: NonNullable<Arguments<'restore'>[1]> = {},
  { signal, onProgress }: NonNullable<Arguments<'restore'>[2]> = {},
): ReturnType<Lathe['restore']> {
  return reading(file, async () => {
    const opened = await (await readBackup(file)).open(passphrase);
    const report = await restoreBackup(workspace, opened, { models, skipDamaged, signal, onProgress });
    predictions.forget(''); // they are kept by run, and a number may now be that of another
    return report;
  });
}

/** @throws UserError where the browser does not let the page write to it */
async function openPicked(handle: FileSystemFileHandle): Promise<WritableStream<Uint8Array>> {
  try {
    return await handle.createWritable();
  } catch (cause) {
    if (!(cause instanceof DOMException)) throw cause;
    throw new UserError(
      'unsupported',
      `file '${handle.name}': this page may not write to it (${cause.message}). Pick another place.`,
      { cause },
    );
  }
}

/** Names what happens where a file is moved or changed while it is read. */
async function reading<T>(file: File, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof DOMException && (cause.name === 'NotReadableError' || cause.name === 'NotFoundError'))) {
      throw cause;
    }
    throw new UserError('missing', `file '${file.name}': it was moved or changed. Choose it again.`, { cause });
  }
}
