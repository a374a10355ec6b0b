// How a version is called: `<model>@<number>`, `<model>@<alias>`, or `<model>@latest`. A model's name may hold an @ itself.

export function versionId(model: string, number: number): string {
  return `${model}@${number}`;
}

/** What stands before and after the last @; null where there is none. */
export function splitVersionId(id: string): { model: string; label: string } | null {
  const at = id.lastIndexOf('@');
  return at < 0 ? null : { model: id.slice(0, at), label: id.slice(at + 1) };
}
