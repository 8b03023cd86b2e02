// SPDX-License-Identifier: Apache-2.0
/** The engines' codecs; they are globals on both (src/quickjs/globals.ts). */
interface Codecs {
  TextEncoder: new () => { encode(text: string): Uint8Array };
  TextDecoder: new () => { decode(bytes: Uint8Array): string };
}
const { TextEncoder, TextDecoder } = globalThis as unknown as Codecs;

export const encodeUtf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
export const decodeUtf8 = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
