// What of a profile must be exact, in whatever way it came about.

import type { Profile } from '../../src/monitor/profile.ts';

/** All of a profile that must be exact. */
export const exactly = ({ columns, outputs, ...rest }: Profile) => ({
  ...rest,
  columns: columns.map((column) => {
    if (column.kind === 'category') return column;
    const { count, min, max } = column.sketch;
    return { ...column, sketch: { count, min, max } };
  }),
  outputs: outputs.kind === 'classes' ? outputs.counts : outputs.values.count,
});
