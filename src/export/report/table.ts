// Tables of a report.

import { html, type Content, type Markup } from './html.ts';

/** @param numbersFrom the first column of numbers; left out: none */
export function table(head: readonly string[], rows: readonly (readonly Content[])[], numbersFrom = Infinity): Markup {
  const kind = (i: number) => (i >= numbersFrom ? html` class="number"` : null);
  const header = head.some((text) => text !== '')
    ? html`<thead>
        <tr>
          ${head.map((text, i) => html`<th scope="col" ${kind(i)}>${text}</th>`)}
        </tr>
      </thead>`
    : null;
  const body = rows.map(([first, ...rest]) => html`<tr><th scope="row">${first}</th>${rest.map((cell, i) => html`<td${kind(i + 1)}>${cell}</td>`)}</tr>\n`); // prettier-ignore
  return html`<div class="scroll">
    <table>
      ${header}
      <tbody>
        ${body}
      </tbody>
    </table>
  </div>`;
}
