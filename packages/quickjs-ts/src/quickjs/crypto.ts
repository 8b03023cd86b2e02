// SPDX-License-Identifier: Apache-2.0
import { generateP256, hmacSha256, publicKeyOf, random, sha256, signP256, verifyP256 } from "securebox:native";
import type { Crypto } from "../ports/crypto.ts";

export const crypto: Crypto = { sha256, hmacSha256, verifyP256, generateP256, signP256, publicKeyOf, random };
