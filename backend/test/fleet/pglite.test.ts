// SPDX-License-Identifier: Apache-2.0
import { test } from "uvu";
import { openDatabase } from "../../src/store/index.ts";
import { fleetSuite } from "./suite.ts";

fleetSuite("PGlite", () => openDatabase({ directory: undefined }));
test.run();
