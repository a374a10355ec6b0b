// A chart in a real browser: it draws, says the same in words and as a table, and passes axe in both themes.

import axe from 'axe-core';
import { flushSync, mount, unmount } from 'svelte';
import { afterEach, describe, expect, it, vi } from 'vitest';
import Chart from '../../../src/ui/charts/Chart.svelte';
import ConfusionMatrix, { type Cell } from '../../../src/ui/charts/ConfusionMatrix.svelte';
import '../../../src/ui/tokens.css';

/** ms until what is waited for must be there, on however busy a machine */
const PATIENCE = 60_000;
let mounted: Record<string, unknown> | null = null;
const target = () => document.body.appendChild(document.createElement('main'));
const buttons = (name: RegExp) =>
  [...document.querySelectorAll('button')].filter((b) =>
    name.test(b.getAttribute('aria-label') ?? b.textContent ?? ''),
  );

afterEach(async () => {
  if (mounted) await unmount(mounted);
  mounted = null;
  document.body.replaceChildren();
  delete document.documentElement.dataset.theme;
});

/** Colours of the canvas that are neither transparent nor grey. */
function colours(canvas: HTMLCanvasElement): number {
  const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let i = 0; i < data.length; i += 4) {
    if (
      data[i + 3] > 200 &&
      Math.max(data[i], data[i + 1], data[i + 2]) - Math.min(data[i], data[i + 1], data[i + 2]) > 40
    ) {
      count++;
    }
  }
  return count;
}

async function violations(): Promise<string[]> {
  const { violations: found } = await axe.run(document.querySelector('main')!, {
    rules: { region: { enabled: false }, 'page-has-heading-one': { enabled: false } },
  });
  return found.map((violation) => violation.id);
}

describe('Chart', () => {
  const props = {
    name: 'Loss',
    summary: 'It falls from 3 to 1.',
    series: [
      { name: 'Training', x: [1, 2, 3], y: [3, 2, 1], style: 'line' as const, tone: 0 },
      { name: 'Validation', x: [1, 2, 3], y: [3, 2.5, 2], style: 'line' as const, tone: 1 },
    ],
    xLabel: 'Epoch',
    yLabel: 'Loss',
  };

  it('draws its lines, and draws them anew when the theme turns', async () => {
    mounted = mount(Chart, { target: target(), props });
    const canvas = await vi.waitUntil(() => document.querySelector<HTMLCanvasElement>('canvas'), PATIENCE);
    await vi.waitUntil(() => colours(canvas) > 100, PATIENCE);
    const before = canvas.toDataURL();
    document.documentElement.dataset.theme = 'dark';
    await vi.waitUntil(() => canvas.toDataURL() !== before, PATIENCE);
    expect(colours(canvas)).toBeGreaterThan(100);
  });

  it('has its name and summary as its label, and the same figures as a table', async () => {
    mounted = mount(Chart, { target: target(), props });
    expect(document.querySelector('[role=img]')!.getAttribute('aria-label')).toBe('Loss. It falls from 3 to 1.');
    buttons(/^\s*Show as table/)[0].click();
    flushSync();
    const cells = [...document.querySelectorAll('tr')].map((row) => [...row.children].map((cell) => cell.textContent));
    expect(cells).toEqual([
      ['Epoch', 'Training', 'Validation'],
      ['1', '3', '3'],
      ['2', '2', '2.5'],
      ['3', '1', '2'],
    ]);
    expect(await violations()).toEqual([]);
  });
});

describe('ConfusionMatrix', () => {
  it.each([2, 100])('of %i classes gives the cell that is chosen, and passes axe', async (size) => {
    const labels = Array.from({ length: size }, (_, i) => `class ${i} with a long name`);
    const counts = labels.map((_, r) => labels.map((__, c) => (r === c ? 9 : c === 0 ? 1 : 0)));
    const chosen: Cell[] = [];
    mounted = mount(ConfusionMatrix, {
      target: target(),
      props: { labels, counts, thing: 'row', selected: null, onselect: (cell: Cell) => chosen.push(cell) },
    });
    buttons(/^1 rows?: actual class 1 with a long name, predicted class 0/)[0].click();
    expect(chosen).toEqual([{ actual: labels[1], predicted: labels[0] }]);
    if (size === 2) expect(await violations()).toEqual([]);
  });
});
