/** The bytes of a text that scripts/text.mjs made. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  let length = 0;
  let more = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x28) more = 80 * (code - 0x20);
    else {
      bytes[length++] = more + code - 0x28;
      more = 0;
    }
  }
  return bytes.slice(0, length);
}
