// Hands a file to the person, as the browser saves files.

/** How long a browser may take to begin with a file whose address was given to it. */
const BEGUN_AFTER_MS = 60_000;

export function download(file: File): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), BEGUN_AFTER_MS);
}
