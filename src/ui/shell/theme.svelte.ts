// Light, dark, or as the system says. The tokens do the rest.

import { readPreference, writePreference } from './preference.ts';

export type Theme = 'auto' | 'light' | 'dark';

class ThemeChoice {
  #choice = $state<Theme>('auto');

  constructor() {
    const kept = readPreference('theme');
    if (kept === 'light' || kept === 'dark') this.choice = kept;
  }

  get choice(): Theme {
    return this.#choice;
  }

  set choice(choice: Theme) {
    this.#choice = choice;
    writePreference('theme', choice === 'auto' ? null : choice);
    if (choice === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = choice;
  }
}

export const theme = new ThemeChoice();
