// Whether the browser has promised not to clear this page's storage by itself. It is asked when the first version is kept,
// for only then is there something to lose, and again when the person says so.

class Persistence {
  /** `unknown`: this browser makes no such promise */
  state = $state<'unknown' | 'not asked' | 'refused' | 'granted'>('unknown');

  async read(): Promise<void> {
    if (!navigator.storage?.persisted) return;
    if (await navigator.storage.persisted()) this.state = 'granted';
    else if (this.state === 'unknown') this.state = 'not asked';
  }

  /** True where the browser promises it. */
  async ask(): Promise<boolean> {
    if (!navigator.storage?.persist) return false;
    const granted = await navigator.storage.persist();
    this.state = granted ? 'granted' : 'refused';
    return granted;
  }
}

export const persistence = new Persistence();
