// A folder that is looked into as long as the page is open: what is new in it becomes a batch of its model, scored by its
// champion, or by its newest version where there is none. One tab at a time looks.

import { abortError, UserError } from '../base/errors.ts';
import { type FileMark, isSame, mayBeBatch, planLook } from '../monitor/folder.ts';
import { CHAMPION, numberOf } from '../store/aliasHistory.ts';
import { addMarks, keepFolder, type KeptFolder, listFolders, noteTaken, outlivePage, renameFolder } from '../store/folders.ts'; // prettier-ignore
import { withLock } from '../store/locks.ts';
import { readModel } from '../store/models.ts';
import { readVersion } from '../store/versions.ts';
import type { FolderFault, FolderNews, Lathe } from './api.ts';
import type { Context } from './context.ts';
import { scoreBatch } from './engineMonitor.ts';

type Answer<Verb extends keyof Lathe> = (context: Context, ...args: Parameters<Lathe[Verb]>) => ReturnType<Lathe[Verb]>;

/** Between two looks; sooner where a file may still be being written. */
const LOOK_MS = 10_000;
const SETTLE_MS = 2_000;
/** More files than these are no folder of batches, and each look would take long. */
const MOST_FILES = 10_000;

export const watchFolder: Answer<'watchFolder'> = async (context, model, given, options = {}) => {
  const { signal, onProgress, everyMs = LOOK_MS } = options;
  const { workspace } = context;
  const nameNow = followName(context, model);
  const folder = await openFolder(context, model, given, nameNow);
  let news: FolderNews = {
    ...{ model, state: 'elsewhere', lookedAt: null, lasts: true, taken: folder.taken.length },
    ...{ batches: [], settling: [], faults: [], ignored: 0, gone: null },
  };
  const tell = (change: Partial<FolderNews>) => onProgress?.((news = { ...news, ...change }));
  const work = async (current: AbortSignal) => {
    const now = (await listFolders(workspace)).find(({ id }) => id === folder.id);
    if (now) folder.taken = now.taken; // by another tab, meanwhile
    const lasts = await outlivePage(workspace);
    tell({ model: folder.model, state: 'looking', taken: folder.taken.length, lasts });
    const look = createLook(context, folder, tell, current);
    while (!current.aborted) {
      const settling = await look();
      await pause(settling ? Math.min(SETTLE_MS, everyMs) : everyMs, current);
    }
  };
  while (!signal?.aborted) {
    await whileNamed(context, nameNow, signal, async (name, current) => {
      folder.model = name;
      const wait = () => tell({ model: name, state: 'elsewhere' });
      await whileAlone(`folder ${context.setup.database} ${name}`, wait, current, () => work(current));
    });
  }
  throw abortError();
};

/** The folder that is kept for a model, or the one that is given, which is kept from now on. */
async function openFolder(
  { workspace }: Context,
  model: string,
  given: FileSystemDirectoryHandle | null,
  nameNow: () => Promise<string>,
): Promise<KeptFolder> {
  const kept = (await listFolders(workspace)).find((own) => own.model === model);
  if (!kept && !given) throw new UserError('missing', `folder of model '${model}': none is kept. Choose one.`);
  await readModel(workspace, model);
  if (kept && (!given || (await kept.handle.isSameEntry(given)))) return { ...kept, handle: given ?? kept.handle };
  await nameNow(); // which follows the model from here
  const folder = { id: crypto.randomUUID(), model, handle: given!, taken: [] };
  await keepFolder(workspace, folder);
  const name = await nameNow();
  if (name !== model) await renameFolder(workspace, model, name); // in the meantime, by another tab
  return folder;
}

/** What a model is called now: under another name its versions are still those of the same runs. */
function followName({ workspace }: Context, model: string): () => Promise<string> {
  let runs = new Set<number>();
  return async () => {
    const versions = [...(await workspace.maps('version')).version.values()];
    model = versions.find(({ runId }) => runs.has(runId))?.model ?? model;
    runs = new Set(versions.filter((version) => version.model === model).map(({ runId }) => runId));
    return model;
  };
}

/** Runs `work` with a signal that is aborted when the model is called otherwise, here or in another tab. @throws what it throws but for that */
async function whileNamed(
  { events }: Context,
  nameNow: () => Promise<string>,
  signal: AbortSignal | undefined,
  work: (name: string, current: AbortSignal) => Promise<void>,
): Promise<void> {
  const renamed = new AbortController();
  let name: string | null = null;
  const stop = events.follow((event) => {
    if (event.kind !== 'changed' || !event.kinds.includes('model')) return;
    const check = (now: string) => name !== null && now !== name && renamed.abort();
    nameNow().then(check, () => {}); // what cannot be read says so at the next look
  });
  try {
    name = await nameNow();
    await work(name, signal ? AbortSignal.any([signal, renamed.signal]) : renamed.signal);
  } catch (error) {
    // it may know of the other name before this is told
    if (!renamed.signal.aborted && (await nameNow().catch(() => name)) === name) throw error;
  } finally {
    stop();
  }
}

/** @returns one look after another, which says whether something in the folder is not whole yet */
function createLook(
  context: Context,
  folder: KeptFolder,
  tell: (change: Partial<FolderNews>) => void,
  signal: AbortSignal,
): () => Promise<boolean> {
  const { workspace } = context;
  let before: FileMark[] = [];
  let failed: (FileMark & FolderFault)[] = [];
  const batches: string[] = [];

  /** Scores files as one batch; what is wrong with them is remembered, what has changed meanwhile is left for the next look. */
  async function take(versionId: string, marks: FileMark[]): Promise<void> {
    try {
      const files = await Promise.all(marks.map(async ({ path }) => fileAt(folder.handle, path)));
      if (files.some((file, i) => !isSame(markOf(marks[i].path, file), marks[i]))) return;
      const { id } = await scoreBatch(context, versionId, files, { signal });
      batches.push(id);
      folder.taken = addMarks(folder.taken, marks);
      await noteTaken(workspace, folder.id, marks);
    } catch (error) {
      if (signal.aborted || isGone(error)) return;
      if (!(error instanceof UserError)) throw error;
      failed = [...failed, ...marks.map((mark) => ({ ...mark, error: error.message }))];
    }
  }

  return async () => {
    let found: { marks: FileMark[]; ignored: number };
    const versionId = await scorerOf(context, folder.model);
    const { recipe } = await readVersion(workspace, versionId);
    const kind = recipe.task === 'imageClassification' ? 'images' : 'table';
    try {
      found = await listFiles(folder.handle, kind, signal);
    } catch (error) {
      if (signal.aborted) return false;
      if (!(error instanceof DOMException || error instanceof UserError)) throw error;
      tell({ lookedAt: workspace.now(), gone: error instanceof UserError ? error.message : whyGone(error) });
      return false;
    }
    const { marks, ignored } = found;
    failed = failed.filter((own) => marks.some((mark) => mark.path === own.path && isSame(mark, own)));
    const plan = planLook(marks, before, [...folder.taken, ...failed]);
    before = marks;
    const told = (): Partial<FolderNews> => ({
      lookedAt: workspace.now(),
      gone: null,
      taken: folder.taken.length,
      batches: [...batches],
      settling: plan.settling.map(({ path }) => path),
      faults: failed.map(({ path, error }) => ({ path, error })),
      ignored,
    });
    tell(told());
    // images that come together are one batch, also where some of them are still being written
    const groups = kind === 'table' ? plan.ready.map((mark) => [mark]) : plan.settling.length > 0 || plan.ready.length === 0 ? [] : [plan.ready]; // prettier-ignore
    for (const group of groups) {
      if (signal.aborted) break;
      await take(versionId, group);
      tell(told());
    }
    return plan.settling.length > 0;
  };
}

/** The champion, or the newest version. */
async function scorerOf({ workspace }: Context, model: string): Promise<string> {
  return `${model}@${numberOf(await readModel(workspace, model), CHAMPION) === null ? 'latest' : CHAMPION}`;
}

async function listFiles(
  folder: FileSystemDirectoryHandle,
  kind: 'table' | 'images',
  signal: AbortSignal | undefined,
): Promise<{ marks: FileMark[]; ignored: number }> {
  const marks: FileMark[] = [];
  let ignored = 0;
  const visit = async (handle: FileSystemDirectoryHandle, prefix: string): Promise<void> => {
    for await (const entry of handle.values()) {
      if (signal?.aborted) throw abortError();
      const path = `${prefix}${entry.name}`;
      if (entry.kind === 'directory') {
        if (!entry.name.startsWith('.')) await visit(entry, `${path}/`);
        continue;
      }
      if (!mayBeBatch(path, kind)) ignored++;
      else marks.push(markOf(path, await entry.getFile()));
      if (marks.length + ignored > MOST_FILES) {
        throw new UserError('unsupported', `folder '${folder.name}': it has more than ${MOST_FILES.toLocaleString('en')} files. Move what is old elsewhere.`); // prettier-ignore
      }
    }
  };
  await visit(folder, '');
  return { marks, ignored };
}

function markOf(path: string, { size, lastModified }: File): FileMark {
  return { path, sizeBytes: size, lastModified };
}

/** The file under its path as its name: the folder of an image is its class. */
async function fileAt(folder: FileSystemDirectoryHandle, path: string): Promise<File> {
  const names = path.split('/');
  const name = names.pop()!;
  let handle = folder;
  for (const part of names) handle = await handle.getDirectoryHandle(part);
  const file = await (await handle.getFileHandle(name)).getFile();
  return names.length === 0 ? file : new File([file], path, { type: file.type, lastModified: file.lastModified });
}

/** It was changed or removed while it was read. */
function isGone(error: unknown): boolean {
  return error instanceof DOMException && (error.name === 'NotReadableError' || error.name === 'NotFoundError');
}

function whyGone({ name, message }: DOMException): string {
  if (name === 'NotFoundError') return 'It is not there any more.';
  if (name === 'NotAllowedError') return 'The browser does not let Lathe read it any more.';
  return message;
}

/** Runs `work` while no other tab runs it; `onWait` is called where one does. @throws AbortError while it waits */
async function whileAlone(
  name: string,
  onWait: () => void,
  signal: AbortSignal | undefined,
  work: () => Promise<void>,
): Promise<void> {
  if (!navigator.locks) return withLock(name, work); // which says what is missing
  const free = await navigator.locks.request(name, { ifAvailable: true }, async (lock) => {
    if (lock) await work();
    return lock !== null;
  });
  if (free) return;
  onWait();
  await navigator.locks.request(name, { signal }, work);
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done);
  });
}
