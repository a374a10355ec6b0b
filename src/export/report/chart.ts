// Charts as SVG that stands in the page: presentation attributes and classes, no style attributes and no script.

import { html, type Markup } from './html.ts';
import { figure } from './figures.ts';

export interface Line {
  name: string;
  x: readonly number[];
  y: readonly number[];
}

interface Axes {
  title: string;
  x: string;
  y: string;
}

const WIDTH = 640;
const HEIGHT = 260;
const LEFT = 62;
const RIGHT = 12;
const TOP = 10;
const BOTTOM = 38;
/** Points of a line that are drawn; of more, every n-th and the last. */
const MOST_POINTS = 800;

interface Scale {
  ticks: number[];
  place: (value: number) => number;
}

/** Lines over one x; `mark` is a vertical line with a word to it. */
export function lineChart(axes: Axes, lines: readonly Line[], mark: { x: number; label: string } | null): Markup {
  const x = scale(
    lines.flatMap((line) => [...line.x]),
    LEFT,
    WIDTH - RIGHT,
  );
  const y = scale(
    lines.flatMap((line) => [...line.y]),
    HEIGHT - BOTTOM,
    TOP,
  );
  const marked = mark && x.place(mark.x);
  const isLate = marked !== null && marked > WIDTH / 2;
  return frame(
    axes,
    x,
    y,
    html`${marked === null ? null : html`<line class="mark" x1="${round(marked)}" x2="${round(marked)}" y1="${TOP}" y2="${HEIGHT - BOTTOM}" /><text class="small" x="${round(marked + (isLate ? -4 : 4))}" y="${TOP + 10}" text-anchor="${isLate ? 'end' : 'start'}">${mark!.label}</text>`}${lines.map((line, i) => html`<path class="line series-${i}" d="${path(line, x, y)}" />`)}`,
    lines.length > 1
      ? html`<figcaption>
          ${lines.map(
            (line, i) =>
              html`<span class="key"
                ><svg viewBox="0 0 24 8" width="24" height="8" aria-hidden="true">
                  <path class="line series-${i}" d="M0 4H24" />
                </svg>
                ${line.name}</span
              >`,
          )}
        </figcaption>`
      : null,
  );
}

/** One dot for each pair, and the line on which both are equal. */
export function scatterChart(axes: Axes, points: Line): Markup {
  const both = [...points.x, ...points.y];
  const x = scale(both, LEFT, WIDTH - RIGHT);
  const y = scale(both, HEIGHT - BOTTOM, TOP);
  const [low, high] = [Math.min(...x.ticks), Math.max(...x.ticks)];
  const dots = points.x.map((value, i) => `M${round(x.place(value))} ${round(y.place(points.y[i]))}h0`);
  return frame(
    axes,
    x,
    y,
    html`<path
        class="mark"
        d="M${round(x.place(low))} ${round(y.place(low))}L${round(x.place(high))} ${round(y.place(high))}"
      /><path class="dots" d="${dots.join('')}" />`,
  );
}

/** Bars over their edges, of which there is one more. */
export function histogram(axes: Axes, edges: readonly number[], counts: readonly number[]): Markup {
  const x = scale(edges, LEFT, WIDTH - RIGHT);
  const y = scale([0, ...counts], HEIGHT - BOTTOM, TOP);
  const bars = counts.map((count, i) => {
    const [from, to] = [x.place(edges[i]), x.place(edges[i + 1])];
    const top = y.place(count);
    return html`<rect
      class="bar"
      x="${round(from)}"
      y="${round(top)}"
      width="${round(Math.max(0.5, to - from - 1))}"
      height="${round(HEIGHT - BOTTOM - top)}"
    />`;
  });
  return frame(axes, x, y, html`${bars}`);
}

function frame(axes: Axes, x: Scale, y: Scale, inside: Markup, caption: Markup | null = null): Markup {
  const bottom = HEIGHT - BOTTOM;
  return html`<figure>
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${axes.title}">
      ${y.ticks.map((tick) => html`<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${round(y.place(tick))}" y2="${round(y.place(tick))}" /><text class="small" x="${LEFT - 6}" y="${round(y.place(tick) + 4)}" text-anchor="end">${figure(tick)}</text>`)}
      ${x.ticks.map((tick) => html`<line class="grid" x1="${round(x.place(tick))}" x2="${round(x.place(tick))}" y1="${bottom}" y2="${bottom + 4}" /><text class="small" x="${round(x.place(tick))}" y="${bottom + 17}" text-anchor="middle">${figure(tick)}</text>`)}
      <text class="small" x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 4}" text-anchor="middle">${axes.x}</text>
      <text class="small" transform="translate(11 ${(TOP + bottom) / 2}) rotate(-90)" text-anchor="middle">
        ${axes.y}
      </text>
      ${inside}</svg
    >${caption}
  </figure>`;
}

/** From values to pixels, with round ticks that enclose them all. */
function scale(values: readonly number[], from: number, to: number): Scale {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) [low, high] = [0, 1];
  if (low === high) [low, high] = [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2];
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough)! * power;
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
  const [start, end] = [ticks[0], ticks[ticks.length - 1]];
  return { ticks, place: (value) => from + ((value - start) / (end - start)) * (to - from) };
}

function path({ x, y }: Line, xScale: Scale, yScale: Scale): string {
  const every = Math.ceil(x.length / MOST_POINTS);
  let isOn = false;
  return x
    .map((value, i) => {
      if (i % every !== 0 && i !== x.length - 1) return '';
      const command = isOn ? 'L' : 'M';
      isOn = Number.isFinite(y[i]);
      return isOn ? `${command}${round(xScale.place(value))} ${round(yScale.place(y[i]))}` : '';
    })
    .join('');
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}
