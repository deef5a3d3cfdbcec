/**
 * Bytes as printable text that gzip packs as well as the bytes themselves, and that takes no inflater to read (src/wasm/text.ts). A byte
 * below 80 is one character, from '(' on; any other has one of '!', '"' and '#' before it, for 80, 160 and 240 more. Equal runs of bytes
 * stay equal runs of characters, which base64 and its like do not grant.
 */

/** The literal of a JavaScript string. */
export function textOf(bytes) {
  let text = '';
  for (const byte of bytes) {
    const more = Math.floor(byte / 80);
    if (more > 0) text += String.fromCharCode(0x20 + more);
    text += String.fromCharCode(0x28 + (byte % 80));
  }
  return `'${text.replaceAll('\\', '\\\\')}'`;
}
