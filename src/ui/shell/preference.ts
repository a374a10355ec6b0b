// What the page remembers of a person's choices from visit to visit. A browser that keeps nothing is no error.

/** The remembered value, or null. */
export function readPreference(name: string): string | null {
  try {
    return localStorage.getItem(`lathe.${name}`);
  } catch {
    return null; // storage is blocked: every visit is the first one
  }
}

/** Remembers the value; null forgets it. */
export function writePreference(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(`lathe.${name}`);
    else localStorage.setItem(`lathe.${name}`, value);
  } catch {
    // storage is blocked or full: the choice holds until the page is closed
  }
}
