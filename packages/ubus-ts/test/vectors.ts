// SPDX-License-Identifier: Apache-2.0
// The recording of a real ubusd, embedded as text so that the tests run where there is no file system.
import capture from "./vectors/ubus-capture.txt" with { type: "text" };

/** One message of the recording. `sent`: from the connection to ubusd. */
export interface Recorded {
  scenario: string;
  connection: "SRV" | "CLI" | "MON";
  sent: boolean;
  kind: string;
  hex: string;
}

export function recorded(): Recorded[] {
  let scenario = "hello";
  return capture.split("\n").flatMap((line): Recorded[] => {
    if (line.startsWith("# ")) scenario = line.slice(2);
    const found = /^(SRV|CLI|MON) ([<>]) ([A-Z_]+) ([0-9a-f]+)$/.exec(line);
    return found ? [{ scenario, connection: found[1] as Recorded["connection"], sent: found[2] === ">", kind: found[3]!, hex: found[4]! }] : [];
  });
}

export function fromHex(text: string): Uint8Array {
  const digits = text.replace(/\s+/g, "");
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
