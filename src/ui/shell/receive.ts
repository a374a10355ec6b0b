// Files from a drop, a paste or a picker. Folders are walked to their end; a file from a folder keeps its path as its
// name, since a folder's name is the class of the images in it.

/** What a picker offers, by names and media types; what a file really is, its bytes say. */
export const ACCEPTED = {
  table:
    '.csv,.tsv,.tab,.txt,.json,.jsonl,.ndjson,.parquet,.pq,.zip,text/csv,text/tab-separated-values,application/json',
  images: 'image/*,.zip,application/zip',
};

/** What a drop holds. The entries must be taken before the event is over, so call it without awaiting first. */
export async function filesOfDrop(transfer: DataTransfer): Promise<File[]> {
  const entries = [...transfer.items].map((item) => (item.kind === 'file' ? item.webkitGetAsEntry() : null));
  const loose = [...transfer.files];
  if (entries.every((entry) => entry === null || entry.isFile)) return loose;
  const found = await Promise.all(entries.filter((entry) => entry !== null).map(walk));
  return found.flat();
}

/** What a paste holds: its files (such as a copied image), or text that looks like a table as `pasted.csv`. */
export function filesOfPaste(transfer: DataTransfer): File[] {
  if (transfer.files.length > 0) return [...transfer.files];
  const text = transfer.getData('text/plain');
  if (!looksLikeTable(text)) return [];
  const file = new File([text], firstLine(text).includes('\t') ? 'pasted.tsv' : 'pasted.csv', { type: 'text/csv' });
  return [file];
}

/** What a picker holds; a picked folder's files keep their paths. */
export function filesOfPicker(files: FileList): File[] {
  return [...files].map((file) => withPath(file, file.webkitRelativePath));
}

/** At least two lines, and the first two have the same delimiter equally often. */
export function looksLikeTable(text: string): boolean {
  const lines = text.split(/\r?\n/, 3).filter((line) => line.trim() !== '');
  if (lines.length < 2) return false;
  return ['\t', ',', ';', '|'].some((mark) => {
    const [first, second] = lines.map((line) => line.split(mark).length);
    return first > 1 && first === second;
  });
}

function firstLine(text: string): string {
  return text.slice(0, text.search(/[\r\n]|$/));
}

async function walk(entry: FileSystemEntry): Promise<File[]> {
  if (entry.isFile) return [await fileOf(entry as FileSystemFileEntry)];
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const files: File[] = [];
  for (;;) {
    const children = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (children.length === 0) return files; // a reader gives at most a hundred at a time
    files.push(...(await Promise.all(children.map(walk))).flat());
  }
}

async function fileOf(entry: FileSystemFileEntry): Promise<File> {
  const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
  return withPath(file, entry.fullPath.replace(/^\//, ''));
}

/** The same bytes under the path as the name: `webkitRelativePath` does not survive the way to the worker everywhere. */
function withPath(file: File, path: string): File {
  if (!path.includes('/')) return file;
  return new File([file], path, { type: file.type, lastModified: file.lastModified });
}
