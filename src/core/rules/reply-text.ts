// How long a text may be that WeChat takes, as a passive reply and as a message.

export const TEXT_BYTES_MAX = 2048;

/** As much of a text as WeChat takes, in whole characters. */
export function clip(text: string): string {
  if (Buffer.byteLength(text) <= TEXT_BYTES_MAX) return text;
  let bytes = Buffer.byteLength('…');
  let kept = '';
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > TEXT_BYTES_MAX) break;
    kept += character;
  }
  return `${kept}…`;
}
