// The colours of the design tokens as a canvas needs them: resolved, and told when they change.

import type { Palette } from './draw.ts';
import { TONES } from './series.ts';

/** Reads the chart colours as they are at `element` now. */
export function readPalette(element: HTMLElement): Palette {
  const probe = document.createElement('span');
  probe.hidden = true;
  element.append(probe);
  const resolve = (token: string) => {
    probe.style.color = `var(${token})`;
    return getComputedStyle(probe).color;
  };
  const palette = {
    muted: resolve('--ink-soft'),
    grid: resolve('--line'),
    tones: Array.from({ length: TONES }, (_, i) => resolve(`--series-${i + 1}`)),
  };
  probe.remove();
  return palette;
}

/** Calls back when the page turns light or dark, by the system or by its own switch. Gives the way to stop. */
export function onThemeChange(call: () => void): () => void {
  const system = matchMedia('(prefers-color-scheme: dark)');
  const observer = new MutationObserver(call);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['class', 'data-theme', 'style'] });
  system.addEventListener('change', call);
  return () => {
    observer.disconnect();
    system.removeEventListener('change', call);
  };
}
