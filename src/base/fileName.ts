// Names of files that are made of what people have called things.

/** Of UTF-8: file systems take 255, and what follows the name needs some. */
const MOST_BYTES = 150;
/** What Windows takes for a device, whatever follows the first dot. */
const DEVICE = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?=\.|$)/i;

/** What any file system takes of a name; `fallback` where nothing is left. */
export function fileName(name: string, fallback: string): string {
  const plain = name
    .normalize('NFC')
    .slice(0, MOST_BYTES)
    .replace(/[^\p{L}\p{N}\p{M}._-]+/gu, '-');
  const encoder = new TextEncoder();
  const characters = Array.from(plain);
  while (encoder.encode(characters.join('')).length > MOST_BYTES) characters.pop();
  return (
    characters
      .join('')
      .replace(/^[-.]+|[-.]+$/g, '')
      .replace(DEVICE, '$1_') || fallback
  );
}
