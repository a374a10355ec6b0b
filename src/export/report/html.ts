// HTML out of text from anywhere: a template tag that escapes whatever is not markup already.

/** Markup, made by `html` alone. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type Content = Markup | string | number | null | readonly Content[];

/** A template whose values are text, or markup that this tag made; null is nothing, a list is its items. */
export function html(strings: TemplateStringsArray, ...values: Content[]): Markup {
  return new Markup(strings.map((part, i) => (i === 0 ? part : textOf(values[i - 1]) + part)).join(''));
}

/** A name that a person or the data gave: set apart, so that its direction does not turn what is around it. */
export function named(text: string): Markup {
  return text === '' ? html`<i>(empty)</i>` : html`<bdi>${text}</bdi>`;
}

function textOf(value: Content): string {
  if (value === null) return '';
  if (value instanceof Markup) return value.text;
  if (typeof value === 'object') return value.map(textOf).join('');
  return escape(String(value));
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escape(text: string): string {
  return (
    text
      .replace(/[&<>"']/g, (character) => ENTITIES[character])
      // eslint-disable-next-line no-control-regex -- HTML has none of them
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g, '\ufffd')
  );
}
