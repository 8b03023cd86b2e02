// SPDX-License-Identifier: Apache-2.0
// Link-layer and IP addresses as text. Addresses in memory are arrays of 16-bit words in network order: two for IPv4, eight for IPv6.

export type Words = number[];
export type Parsed<T> = { ok: true; value: T } | { ok: false; message: string; expected: string; suggestion?: string };

const MAC_FORM = 'a device\'s MAC address such as "02:00:00:00:00:11"';

/** Lower case with colons. Accepts upper case and dashes; refuses group addresses (IEEE 802 I/G bit) and 00:00:00:00:00:00. */
export function parseMac(text: string): Parsed<string> {
  const mac = text.toLowerCase().replaceAll("-", ":");
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(mac)) return notMac(text);
  if (Number.parseInt(mac.slice(0, 2), 16) & 1) return { ok: false, message: `${text} is a group address (multicast bit set), no device has it`, expected: MAC_FORM };
  if (mac === "00:00:00:00:00:00") return { ok: false, message: `${text} is no device's address`, expected: MAC_FORM };
  return { ok: true, value: mac };
}

function notMac(text: string): Parsed<string> {
  const digits = text.replace(/[:.\-\s]/g, "").toLowerCase();
  const message = `${JSON.stringify(text.slice(0, 60))} is not a MAC address`;
  if (!/^[0-9a-f]*$/.test(digits)) return { ok: false, message, expected: MAC_FORM };
  if (digits.length === 12) return { ok: false, message, expected: MAC_FORM, suggestion: digits.match(/../g)!.join(":") };
  return { ok: false, message: `${message}: ${digits.length} hexadecimal digits instead of 12`, expected: MAC_FORM };
}

/** Dotted quad without leading zeros (RFC 6943 §3.1.1, the strict form). */
export function parseIp4(text: string): Words | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (!match) return undefined;
  const bytes = match.slice(1).map(Number);
  if (bytes.some((byte) => byte > 255) || match.slice(1).some((part) => part.length > 1 && part[0] === "0")) return undefined;
  return [bytes[0]! * 256 + bytes[1]!, bytes[2]! * 256 + bytes[3]!];
}

/** RFC 4291 §2.2, all three forms; no zone. */
export function parseIp6(text: string): Words | undefined {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  if (dotted) {
    const last = parseIp4(dotted[2]!);
    return last && parseIp6(`${dotted[1]}${last[0]!.toString(16)}:${last[1]!.toString(16)}`);
  }
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map(parseGroups);
  if (!head || (halves.length === 2 && !tail)) return undefined;
  if (!tail) return head.length === 8 ? head : undefined;
  const missing = 8 - head.length - tail.length;
  return missing >= 1 ? [...head, ...new Array<number>(missing).fill(0), ...tail] : undefined;
}

function parseGroups(text: string): Words | undefined {
  if (text === "") return [];
  const parts = text.split(":");
  return parts.every((part) => /^[0-9a-fA-F]{1,4}$/.test(part)) ? parts.map((part) => Number.parseInt(part, 16)) : undefined;
}

export function parseIp(text: string): Words | undefined {
  return text.includes(":") ? parseIp6(text) : parseIp4(text);
}

/** Canonical text: dotted quad, or RFC 5952. */
export function formatIp(words: Words): string {
  if (words.length === 2) return words.map((word) => `${word >> 8}.${word & 255}`).join(".");
  const { start, size } = longestZeroRun(words);
  const hex = words.map((word) => word.toString(16));
  // RFC 5952 §4.2.2: a single zero group is not shortened.
  if (size < 2) return hex.join(":");
  return `${hex.slice(0, start).join(":")}::${hex.slice(start + size).join(":")}`;
}

function longestZeroRun(words: Words): { start: number; size: number } {
  let best = { start: 0, size: 0 };
  for (let start = 0; start < words.length; start++) {
    let size = 0;
    while (words[start + size] === 0) size++;
    if (size > best.size) best = { start, size };
  }
  return best;
}

/** The network address: `words` with all but the first `length` bits cleared. */
export function maskIp(words: Words, length: number): Words {
  return words.map((word, index) => {
    const bits = Math.min(16, Math.max(0, length - index * 16));
    return word & ((0xffff << (16 - bits)) & 0xffff);
  });
}

/** Canonical "ADDRESS/LENGTH"; an address alone is a prefix of its full length. Undefined when `text` looks like neither. */
export function parsePrefix(text: string): Parsed<string> | undefined {
  const slash = text.indexOf("/");
  const words = parseIp(slash < 0 ? text : text.slice(0, slash));
  if (!words) return undefined;
  const size = words.length * 16;
  const digits = slash < 0 ? String(size) : text.slice(slash + 1);
  const length = Number(digits);
  const expected = "a prefix such as 192.0.2.0/24 or 2001:db8::/32";
  if (!/^(0|[1-9]\d{0,2})$/.test(digits) || length > size) return { ok: false, message: `${JSON.stringify(text)} has no prefix length between 0 and ${size}`, expected };
  const network = formatIp(maskIp(words, length));
  if (network !== formatIp(words)) {
    return { ok: false, message: `${text} has bits set beyond its first ${length}`, expected: "the network's address, or one address without a length", suggestion: `${network}/${length}` };
  }
  return { ok: true, value: `${network}/${length}` };
}

/** Whether the canonical prefix holds the address. False for addresses of the other family and for what is no address. */
export function prefixHolds(prefix: string, address: string): boolean {
  const slash = prefix.indexOf("/");
  const network = parseIp(prefix.slice(0, slash));
  const words = parseIp(address);
  if (!network || !words || network.length !== words.length) return false;
  const masked = maskIp(words, Number(prefix.slice(slash + 1)));
  return masked.every((word, index) => word === network[index]);
}
