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

/** What hosts, containers and package registries take of a name: at most 40 of a-z, 0-9 and -, a letter first. */
export function dnsLabel(name: string, fallback: string): string {
  const plain = name.normalize('NFKD').toLowerCase().replace(/\p{M}/gu, '');
  const label = plain.replace(/[^a-z0-9]+/g, '-').replace(/^[^a-z]+/, '');
  return label.slice(0, 40).replace(/-+$/, '') || fallback;
}
