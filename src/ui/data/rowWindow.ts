// Which rows a scroll position shows. A browser draws no element higher than some 17 million pixels, so a longer table
// scrolls in proportion: the bar says where one is, and the rows are laid out around it.

/** No scrolled area is higher than this, in pixels. */
const MAX_HEIGHT = 8_000_000;

export interface RowWindow {
  /** of the scrolled area */
  height: number;
  /** first row to draw and the one after the last */
  start: number;
  end: number;
  /** first row in sight and the one after the last */
  first: number;
  last: number;
  /** where the first row's top lies in the scrolled area, in pixels */
  top: number;
}

/** @param viewport height that rows are seen in, in pixels */
export function rowWindow(rows: number, rowHeight: number, viewport: number, scrollTop: number): RowWindow {
  const full = rows * rowHeight;
  const height = Math.min(full, MAX_HEIGHT);
  const hidden = Math.max(1, height - viewport);
  const fraction = Math.min(1, Math.max(0, scrollTop / hidden));
  const first = height === full ? scrollTop / rowHeight : (fraction * Math.max(0, full - viewport)) / rowHeight;
  const start = Math.max(0, Math.floor(first) - 2);
  const end = Math.min(rows, Math.ceil(first + viewport / rowHeight) + 2);
  const last = Math.min(rows, Math.round(first + viewport / rowHeight));
  return {
    height,
    start,
    end,
    first: Math.min(rows - 1, Math.round(first)),
    last,
    top: scrollTop + (start - first) * rowHeight,
  };
}

/** Which columns a scroll position shows; `edges` are the left edge of each column and the right edge of the last. */
export function columnWindow(edges: number[], viewport: number, scrollLeft: number): { start: number; end: number } {
  const columns = edges.length - 1;
  let start = 0;
  while (start < columns - 1 && edges[start + 1] < scrollLeft) start++;
  let end = start;
  while (end < columns && edges[end] < scrollLeft + viewport) end++;
  return { start: Math.max(0, start - 1), end: Math.min(columns, end + 1) };
}
