// SPDX-License-Identifier: Apache-2.0
import { hmacSha256, random, sha256, verifyP256 } from "securebox:native";
import type { Crypto } from "../ports/crypto.ts";

export const crypto: Crypto = { sha256, hmacSha256, verifyP256, random };
