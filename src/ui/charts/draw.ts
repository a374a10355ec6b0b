// Draws series on a uPlot canvas: uPlot gives axes, grid, scales and sizes, this file the lines, dashes and markers.
// It is given colours that are already resolved, and it knows no theme.

import type uPlot from 'uplot';
import { dashOf, TONES, thinLine, type Mark, type Series } from './series.ts';

/** Colours of one theme as the canvas takes them. */
export interface Palette {
  muted: string;
  grid: string;
  tones: string[];
}

/** Draws all series and marks inside the plot's area; called at each redraw. */
export function drawSeries(plot: uPlot, all: readonly Series[], marks: readonly Mark[], palette: Palette): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio || 1;
  ctx.save();
  for (const mark of marks) drawMark(plot, mark, palette, ratio);
  ctx.beginPath();
  const edge = 2 * ratio; // a line along an edge keeps its width
  ctx.rect(bbox.left - edge, bbox.top - edge, bbox.width + 2 * edge, bbox.height + 2 * edge);
  ctx.clip();
  const order = { faint: 0, reference: 1, points: 2, line: 3 };
  for (const series of all) drawInterval(plot, series, palette.tones[series.tone % TONES], ratio);
  for (const series of [...all].sort((a, b) => order[a.style] - order[b.style])) {
    const colour = series.style === 'reference' ? palette.muted : palette.tones[series.tone % TONES];
    if (series.style === 'points') drawPoints(plot, series, colour, ratio);
    else drawLine(plot, series, colour, ratio, bbox.width / ratio);
  }
  ctx.restore();
}

function drawLine(plot: uPlot, series: Series, colour: string, ratio: number, width: number): void {
  const { ctx } = plot;
  ctx.beginPath();
  let drawing = false;
  const kept = thinLine(series.x, series.y, Math.max(50, Math.floor(width)));
  for (const i of kept) {
    if (!Number.isFinite(series.y[i])) {
      drawing = false;
      continue;
    }
    const x = plot.valToPos(series.x[i], 'x', true);
    const y = plot.valToPos(series.y[i], 'y', true);
    if (drawing) ctx.lineTo(x, y);
    else ctx.moveTo(x, y);
    drawing = true;
  }
  ctx.strokeStyle = colour;
  ctx.globalAlpha = series.style === 'faint' ? 0.35 : 1;
  ctx.lineWidth = (series.style === 'line' ? 2 : 1) * ratio;
  ctx.lineJoin = 'round';
  ctx.setLineDash(dashOf(series).map((part) => part * ratio));
  ctx.stroke();
  ctx.setLineDash([]);
  // a line of a few points also shows where they are; one of a single point would else be invisible
  if (series.style === 'line' && kept.length <= 3) drawPoints(plot, series, colour, ratio);
  ctx.globalAlpha = 1;
}

/** The band of a line, or the whiskers of points. */
function drawInterval(plot: uPlot, { x, low, high, style }: Series, colour: string, ratio: number): void {
  if (!low || !high) return;
  const { ctx } = plot;
  const at = (i: number, y: ArrayLike<number>) =>
    [plot.valToPos(x[i], 'x', true), plot.valToPos(y[i], 'y', true)] as const;
  const isThere = (i: number) => Number.isFinite(low[i]) && Number.isFinite(high[i]);
  ctx.fillStyle = ctx.strokeStyle = colour;
  if (style === 'points') {
    ctx.lineWidth = 1.5 * ratio;
    ctx.beginPath();
    for (let i = 0; i < x.length; i++) {
      if (!isThere(i)) continue;
      ctx.moveTo(...at(i, low));
      ctx.lineTo(...at(i, high));
    }
    ctx.stroke();
    return;
  }
  ctx.globalAlpha = 0.18;
  for (let start = 0; start < x.length; start++) {
    if (!isThere(start)) continue;
    let end = start;
    while (end + 1 < x.length && isThere(end + 1)) end++;
    ctx.beginPath();
    if (start === end) {
      const [left, top] = at(start, high); // a band along one point is a small box
      ctx.rect(left - 5 * ratio, top, 10 * ratio, at(start, low)[1] - top);
    }
    for (let i = start; i <= end; i++) ctx.lineTo(...at(i, high));
    for (let i = end; i >= start; i--) ctx.lineTo(...at(i, low));
    ctx.fill();
    start = end;
  }
  ctx.globalAlpha = 1;
}

function drawPoints(plot: uPlot, series: Series, colour: string, ratio: number): void {
  const { ctx } = plot;
  const size = (series.x.length > 500 ? 2 : 3) * ratio;
  ctx.fillStyle = colour;
  ctx.strokeStyle = colour;
  ctx.lineWidth = ratio;
  ctx.globalAlpha = series.x.length > 150 ? 0.55 : 0.85;
  ctx.beginPath();
  for (let i = 0; i < series.x.length; i++) {
    if (!Number.isFinite(series.x[i]) || !Number.isFinite(series.y[i])) continue;
    const x = plot.valToPos(series.x[i], 'x', true);
    const y = plot.valToPos(series.y[i], 'y', true);
    if (series.tone % 2 === 0) {
      ctx.moveTo(x + size, y);
      ctx.arc(x, y, size, 0, 2 * Math.PI);
    } else {
      ctx.rect(x - size, y - size, 2 * size, 2 * size);
    }
  }
  ctx.fill();
  ctx.globalAlpha = 1;
}

function drawMark(plot: uPlot, mark: Mark, palette: Palette, ratio: number): void {
  const { ctx, bbox } = plot;
  const x = plot.valToPos(mark.x, 'x', true);
  ctx.strokeStyle = palette.muted;
  ctx.lineWidth = ratio;
  ctx.setLineDash([2 * ratio, 3 * ratio]);
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.setLineDash([]);
  // its words stand above the plot, where no line runs through them
  ctx.font = `${12 * ratio}px system-ui, sans-serif`;
  ctx.textBaseline = 'bottom';
  const half = ctx.measureText(mark.label).width / 2;
  ctx.textAlign = 'center';
  ctx.fillStyle = palette.muted;
  const middle = Math.min(Math.max(x, bbox.left + half), bbox.left + bbox.width - half);
  ctx.fillText(mark.label, middle, bbox.top - 3 * ratio);
}

/** A point found under the pointer. */
export interface Hit {
  series: Series;
  index: number;
}

/** The point nearest to a place in the plot, both in CSS pixels, or null where none is within `reach`. */
export function nearestPoint(
  plot: uPlot,
  all: readonly Series[],
  left: number,
  top: number,
  reach: number,
): Hit | null {
  let found: Hit | null = null;
  let least = reach * reach;
  for (const series of all) {
    if (series.style === 'faint' || series.style === 'reference') continue;
    for (let i = 0; i < series.x.length; i++) {
      if (!Number.isFinite(series.y[i])) continue;
      const dx = plot.valToPos(series.x[i], 'x') - left;
      const dy = plot.valToPos(series.y[i], 'y') - top;
      if (dx * dx + dy * dy <= least) {
        least = dx * dx + dy * dy;
        found = { series, index: i };
      }
    }
  }
  return found;
}
