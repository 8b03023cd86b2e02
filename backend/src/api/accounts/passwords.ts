// SPDX-License-Identifier: Apache-2.0
// scrypt (RFC 7914) with N = 2^15, r = 8, p = 1: 32 MB and about 60 ms a try.
import { createHash, randomBytes, randomInt, scrypt, timingSafeEqual } from "node:crypto";

const PARAMETERS = { N: 32_768, r: 8, p: 1, maxmem: 64 * 1024 * 1024 };
const LENGTH = 32;
/** Tries at a time: what an attacker can make us spend is bounded (2 x 32 MB). */
const AT_ONCE = 2;
const MAX_WAITING = 50;
const ALPHABET = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";

let running = 0;
const waiting: (() => void)[] = [];

export class TooBusy extends Error { override readonly name = "TooBusy"; }

/** "scrypt$<salt>$<key>", base64url. Throws TooBusy. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  return `scrypt$${salt.toString("base64url")}$${(await derive(password, salt)).toString("base64url")}`;
}

/** Takes the same time for a user that does not exist (`stored` undefined). Throws TooBusy. */
export async function checkPassword(password: string, stored: string | undefined): Promise<boolean> {
  const [, salt = "", key = ""] = (stored ?? "scrypt$AAAAAAAAAAAAAAAAAAAAAA$").split("$");
  const expected = Buffer.from(key, "base64url");
  const derived = await derive(password, Buffer.from(salt, "base64url"));
  return expected.length === LENGTH && timingSafeEqual(derived, expected);
}

async function derive(password: string, salt: Buffer): Promise<Buffer> {
  if (running >= AT_ONCE) {
    if (waiting.length >= MAX_WAITING) throw new TooBusy("too many sign-ins at once; try again in a few seconds");
    await new Promise<void>((resolve) => waiting.push(resolve));
  }
  running++;
  try {
    return await new Promise((resolve, reject) =>
      scrypt(password.normalize("NFKC"), salt, LENGTH, PARAMETERS, (error, key) => (error ? reject(error) : resolve(key))));
  } finally {
    running--;
    waiting.shift()?.();
  }
}

/** 20 characters without look-alikes: 115 bits. */
export function makePassword(): string {
  return Array.from({ length: 20 }, () => ALPHABET[randomInt(ALPHABET.length)]).join("");
}

/** 256 random bits as text; only `hashSecret` of it is kept, which needs no salt. */
export function makeSecret(): string {
  return randomBytes(32).toString("base64url");
}

export function hashSecret(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}
