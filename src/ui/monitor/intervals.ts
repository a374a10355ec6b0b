// How often a batch comes, in words, and as it has come until now.

export type Interval = keyof typeof INTERVALS;

export const INTERVALS = {
  hour: { name: 'every hour', seconds: 3600 },
  day: { name: 'every day', seconds: 86_400 },
  week: { name: 'every week', seconds: 604_800 },
  month: { name: 'every month', seconds: 2_629_800 },
} as const;

/** The nearest to the median of what lies between the times, in milliseconds since 1970; a day where they say nothing. */
export function usualInterval(times: readonly number[]): Interval {
  const gaps = times.slice(1).map((time, i) => (time - times[i]) / 1000).sort((a, b) => a - b); // prettier-ignore
  const median = gaps[gaps.length >> 1];
  if (!(median >= 60)) return 'day'; // none, or several that were dropped one after the other
  const distance = (interval: Interval) => Math.abs(Math.log(INTERVALS[interval].seconds / median));
  return (Object.keys(INTERVALS) as Interval[]).reduce((best, own) => (distance(own) < distance(best) ? own : best));
}
