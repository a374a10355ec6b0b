// Names of files that are made of what people have called things.

/** What any file system takes of a name; `fallback` where nothing is left. */
export function fileName(name: string, fallback: string): string {
  return name.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[-.]+|[-.]+$/g, '') || fallback;
}
