// Text from anywhere inside Markdown, none of it markup.

/** `1 row`, `2 rows` */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** A code span that holds any text: fenced by more backticks than it has, and on one line. */
export function code(text: string): string {
  if (text === '') return '*(empty)*';
  const line = text.replace(/[\r\n\t]+/g, ' ');
  const runs = line.match(/`+/g) ?? [];
  const fence = '`'.repeat(Math.max(0, ...runs.map((run) => run.length)) + 1);
  const pad = /^`|`$|^ | $/.test(line) ? ' ' : '';
  return `${fence}${pad}${line}${pad}${fence}`;
}

/**
 * A code span in a table, where a bar ends the cell even inside code, and a backslash before it keeps it. What a backslash
 * before that one does differs, so such a text is no code.
 */
export function cell(text: string): string {
  return text.includes('\\|') ? escapeText(text).replaceAll('\\|', '&#124;') : code(text).replaceAll('|', '\\|');
}

/** Text on one line; nothing in it is markup, an address to follow (`:`, `@`, `www.`) or mathematics (`$`). */
export function escapeText(text: string): string {
  return text.replace(/[\r\n\t]+/g, ' ').replace(/[\\`*_{}[\]()<>#+!|&~:@$]|(?<=www)\./gi, '\\$&');
}

/** A block quote, line by line. */
export function quote(text: string): string {
  return text
    .split(/\r\n|\r|\n/)
    .map((line) => `> ${escapeText(line)}`)
    .join('\n');
}
