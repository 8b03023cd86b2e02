// SPDX-License-Identifier: Apache-2.0
import { test } from "uvu";
import { openDatabase } from "../../src/store/index.ts";
import { PostgresqlServer } from "../support/postgresql-server.ts";
import { fleetSuite } from "./suite.ts";

let server: PostgresqlServer | undefined;
fleetSuite("PostgreSQL", async () => {
  server = await PostgresqlServer.start();
  return openDatabase({ url: server.url });
});
test.after(() => server?.stop());
test.run();
