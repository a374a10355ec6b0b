// The one style sheet of a report: light and dark by the reader's system, black on white on paper. It is named by its hash
// in the report's content security policy, and nothing else may style or run.

export const STYLE = `
:root { color-scheme: light dark; --ink: light-dark(#14191c, #e9edef); --soft: light-dark(#4a545a, #a9b4ba);
  --page: light-dark(#ffffff, #111416); --line: light-dark(#d9dde0, #2f363b); --one: light-dark(#0b6570, #62c4ce);
  --two: light-dark(#b4560c, #f2a65e); --quiet: light-dark(#8b969d, #6f7c84); }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1rem 4rem; max-width: 56rem; background: var(--page); color: var(--ink);
  font: 0.9375rem/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif;
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
h1 { margin: 0; font-size: 1.75rem; line-height: 1.2; }
h2 { margin: 2.5rem 0 0.75rem; font-size: 1.25rem; border-bottom: 1px solid var(--line); padding-bottom: 0.25rem; }
h3 { margin: 1.5rem 0 0.5rem; font-size: 1rem; }
p { max-width: 72ch; }
.soft, figcaption, caption { color: var(--soft); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; margin: 0.5rem 0; font-size: 0.875rem; overflow-wrap: normal; }
th, td { padding: 0.25rem 0.75rem; border-bottom: 1px solid var(--line); text-align: start; vertical-align: top; }
thead th { border-bottom-color: var(--soft); }
td.number, th.number { text-align: end; }
th bdi, td bdi { overflow-wrap: anywhere; }
code, pre { font-family: ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace; font-size: 0.8125rem; }
code { overflow-wrap: anywhere; }
pre { padding: 0.75rem; border: 1px solid var(--line); border-radius: 6px; white-space: pre-wrap; }
ol.lineage { padding-inline-start: 1.25rem; }
figure { margin: 0.5rem 0; }
svg { max-width: 100%; height: auto; }
figure > svg { display: block; width: 100%; max-width: 42rem; }
.key { margin-inline-end: 1.25rem; white-space: nowrap; }
text.small { font-size: 12px; fill: var(--soft); }
.grid { stroke: var(--line); }
.mark { stroke: var(--quiet); stroke-dasharray: 3 4; }
.line { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
.series-0 { stroke: var(--one); } .series-1 { stroke: var(--two); stroke-dasharray: 7 4; }
.dots { stroke: var(--one); stroke-width: 4; stroke-linecap: round; stroke-opacity: 0.5; }
.bar { fill: var(--one); }
.confusion td { text-align: end; border: 1px solid var(--line); }
.confusion td.hit { font-weight: 600; }
${Array.from({ length: 10 }, (_, i) => `.heat-${i} { background: color-mix(in srgb, var(--one) ${4 + 5 * i}%, var(--page)); }`).join('\n')}
@media print {
  :root { color-scheme: light; }
  @page { margin: 18mm 15mm; }
  body { padding: 0; max-width: none; font-size: 10pt; }
  h2, h3 { break-after: avoid; }
  tr, figure, .confusion { break-inside: avoid; }
  .scroll { overflow: visible; }
  td { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
