// Names that do harm where a program takes a name for anything but text: markup, code, a key, a path, a line of a file.
// Those that can run do one of two things that the canary sees: they call `canary()`, or leave an element with
// `data-canary`. Control characters are written as escapes, so that this file shows what it holds.

export interface Payload {
  name: string;
  /** what it is after */
  tries: string;
  /** the place in a page that puts it together as text, where it fires; absent where no page is its aim */
  fires?: 'content' | 'double-quoted attribute' | 'single-quoted attribute' | 'address' | 'text area' | 'script';
}

const MARK = '<img src=x data-canary onerror=canary()>';

export const PAYLOADS: Payload[] = [
  { name: '<script data-canary>canary()</script>', tries: 'a script element', fires: 'content' },
  { name: MARK, tries: 'a handler on an image that fails', fires: 'content' },
  { name: '<svg data-canary onload=canary()>', tries: 'a handler on an SVG', fires: 'content' },
  {
    name: '<iframe data-canary srcdoc="<script>parent.canary()</script>">',
    tries: 'a document in a frame',
    fires: 'content',
  },
  { name: `"><b data-canary>`, tries: 'to leave a double-quoted attribute', fires: 'double-quoted attribute' },
  { name: `'><b data-canary>`, tries: 'to leave a single-quoted attribute', fires: 'single-quoted attribute' },
  {
    name: `" autofocus onfocus="canary()" data-canary x="`,
    tries: 'to add a handler to its element',
    fires: 'double-quoted attribute',
  },
  { name: 'javascript:canary()//', tries: 'to be an address that runs', fires: 'address' },
  { name: `</textarea>${MARK}`, tries: 'to leave a text area', fires: 'text area' },
  { name: `</script>${MARK}`, tries: 'to leave a script', fires: 'script' },
  { name: `</title></style>${MARK}`, tries: 'to leave the title and a style', fires: 'content' },
  { name: `<!-- ${MARK}`, tries: 'to open a comment' },
  { name: `--> <b data-canary>`, tries: 'to close a comment', fires: 'content' },
  { name: `<![CDATA[ ]]>${MARK}`, tries: 'to close a CDATA section', fires: 'content' },
  { name: '&lt;img src=x data-canary onerror=canary()&gt;', tries: 'to be decoded twice' },
  { name: '%3Cimg%20src%3Dx%20data-canary%3E%00', tries: 'to be decoded as an address' },
  { name: `{@html '<b data-canary>'}{canary()}`, tries: 'to be a template of Svelte' },
  { name: '{{constructor.constructor("canary()")()}}${canary()}<%= canary() %>', tries: 'to be another template' },
  { name: '__proto__', tries: 'to be the prototype of an object of names' },
  { name: 'constructor', tries: 'to be found in every object' },
  { name: 'toString', tries: 'to be a method of every object' },
  { name: 'invoice\u202efdp.exe', tries: 'to turn what follows it from right to left' },
  { name: 'ir\u200bis\ufeff\u2060\u00ad', tries: 'to look like another name by characters that cannot be seen' },
  { name: 'nul\0bell\x07escape\x1b[31m\x7f\x85', tries: 'control characters' },
  { name: `long ${'name'.repeat(2499)}`, tries: '10,000 characters without a place to break' },
  { name: 'half \ud83d and half \ude00', tries: 'halves of a pair of surrogates' },
  { name: `=cmd|'/c calc'!A1`, tries: 'to be a formula of a spreadsheet' },
  { name: '@SUM(1+1)*cmd', tries: 'to be a formula by an older sign' },
  { name: '../../../etc/passwd', tries: 'to leave its folder' },
  { name: '..\\..\\C:\\Windows\\x', tries: 'to leave its folder on Windows' },
  { name: 'CON', tries: 'to be a device of Windows' },
  { name: 'a\r\nSet-Cookie: canary=1\r\n\r\n<b data-canary>', tries: 'to add a header, or a line', fires: 'content' },
  { name: '[x](javascript:canary()) ![](https://x.example/) `|` # *b*', tries: 'to be Markdown' },
  { name: '$\\input{/etc/passwd}$ \\write18{calc} ~^_%', tries: 'to be LaTeX' },
  { name: 'Zͫ̓a̡͊l̢͑g̈́o 👩‍👩‍👧‍👦🏳️‍🌈', tries: 'marks on marks, and one sign of many characters' },
  { name: '","x":1}],"y":["', tries: 'to leave a text of JSON' },
  { name: 'a: &b !!js/function >\n  - x #', tries: 'to be YAML' },
  { name: '"} 1\ncanary{x="', tries: 'to leave a label of Prometheus' },
  { name: "'); DROP TABLE x;--", tries: 'to leave a text of SQL' },
  { name: '| & ; `id` $(id) > x', tries: 'to be a command' },
];

/** Some of them, by what stands in their name. */
export const payload = (part: string): string => PAYLOADS.find(({ name }) => name.includes(part))!.name;
