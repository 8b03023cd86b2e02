// SPDX-License-Identifier: Apache-2.0
import { testAttacks } from "./attacks.ts";

testAttacks("plain");
