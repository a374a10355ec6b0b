// A tar archive (POSIX ustar) of blobs, put together without reading them: what is large stays where it lies. Nothing is
// compressed, and nothing is read back here.

export interface TarEntry {
  /** path with slashes, at most 100 bytes of ASCII */
  name: string;
  content: Blob;
}

const BLOCK_BYTES = 512;

/** @param modifiedAt of every entry, milliseconds since 1970 */
export function writeTar(entries: TarEntry[], modifiedAt: number): Blob {
  const parts = entries.flatMap(({ name, content }) => {
    const rest = content.size % BLOCK_BYTES;
    return [header(name, content.size, modifiedAt), content, new Uint8Array(rest && BLOCK_BYTES - rest)];
  });
  return new Blob([...parts, new Uint8Array(2 * BLOCK_BYTES)], { type: 'application/x-tar' });
}

function header(name: string, sizeBytes: number, modifiedAt: number): Uint8Array<ArrayBuffer> {
  if (!/^[\x20-\x7e]{1,100}$/.test(name)) throw new Error(`tar: '${name}' is no name that fits`);
  const block = new Uint8Array(BLOCK_BYTES);
  const put = (at: number, text: string) => block.set(new TextEncoder().encode(text), at);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, '0');
  put(0, name);
  put(100, '0000644\0');
  put(108, '0000000\0');
  put(116, '0000000\0');
  if (sizeBytes < 8 ** 11) put(124, octal(sizeBytes, 11));
  else putBase256(block, sizeBytes);
  put(136, octal(Math.max(0, Math.floor(modifiedAt / 1000)), 11));
  put(148, ' '.repeat(8)); // the sum counts its own place as blanks
  put(156, '0');
  put(257, 'ustar\x0000');
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(148, `${octal(sum, 6)}\0 `);
  return block;
}

/** 8 GiB and more, as GNU tar and everybody after it writes them. */
function putBase256(block: Uint8Array, sizeBytes: number): void {
  block[124] = 0x80;
  for (let at = 135, rest = sizeBytes; rest > 0; at--, rest = Math.floor(rest / 256)) block[at] = rest % 256;
}
