// SPDX-License-Identifier: Apache-2.0
// The list of revoked certificates for an external broker, as files and commands; that Mosquitto heeds it is in backend/test/system/several-processes.test.ts.
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import "reflect-metadata";
import { X509Crl } from "@peculiar/x509";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { keepRevocations, REVOKED } from "../../src/broker/revocations.ts";
import type { OwnPki } from "../../src/pki/index.ts";
import type { Database } from "../../src/ports.ts";
import { openDatabase } from "../../src/store/index.ts";
import { memoryPki, until } from "./fixture.ts";

const test = suite("revocations for an external broker");
const directory = mkdtempSync(join(tmpdir(), "securebox-revocations-"));
const file = join(directory, "crl.pem");
const told = join(directory, "told");
let pki: OwnPki & { database: Database };
let disconnected: string[] = [];
let logged: string[] = [];

test.before(async () => void (pki = await memoryPki({ database: await openDatabase({ directory: undefined }) })));
test.before.each(() => { disconnected = []; logged = []; });
test.after(async () => {
  await pki.database.close();
  rmSync(directory, { recursive: true, force: true });
});

const keep = (more: { file?: string; reload?: string } = {}): ReturnType<typeof keepRevocations> => keepRevocations({
  file, reload: `echo told >> ${told}`, database: pki.database, pki, broker: { disconnect: async (gateway) => void disconnected.push(gateway) },
  log: (level, event, fields) => void logged.push(`${level} ${event} ${JSON.stringify(fields)}`), ...more,
});
const commands = (): number => { try { return readFileSync(told, "utf8").split("\n").length - 1; } catch { return 0; } };
const serials = (): string[] => new X509Crl(readFileSync(file, "utf8")).entries.map(({ serialNumber }) => serialNumber);
const revoke = (serial: string, gateway: string): Promise<void> => pki.database.transaction(async (tx) => {
  await tx.query("INSERT INTO revoked_certificates (serial, gateway, not_after, reason) VALUES ($1, $2, $3, 'test')", [serial, gateway, Date.now() + 3_600_000]);
  await tx.query("SELECT pg_notify($1, '')", [REVOKED]); // as fleet/gateways.ts does
});

test("at the start the list is there, for every user to read; after a revocation the broker is told, then who was revoked is disconnected", async () => {
  const keeper = await keep();
  assert.equal(serials(), []);
  assert.is(statSync(file).mode & 0o777, 0o644);
  await until(() => commands() === 1, "the command at the start");
  await revoke("0a", "attic");
  await until(() => disconnected.length === 1, "disconnected");
  assert.equal([disconnected, serials(), commands()], [["attic"], ["0a"], 2]);
  await revoke("0b", "cellar");
  await until(() => disconnected.length === 2, "disconnected");
  assert.equal([disconnected, serials(), commands()], [["attic", "cellar"], ["0a", "0b"], 3]);
  await keeper.close();
});

test("what was revoked while no process kept the list is made up for by the next start", async () => {
  await revoke("0c", "porch");
  const keeper = await keep();
  assert.equal(serials(), ["0a", "0b", "0c"]);
  await until(() => disconnected.includes("porch"), "disconnected");
  await keeper.close();
});

test("a command that fails is logged, with what it said, and nobody is disconnected in vain", async () => {
  const keeper = await keep({ reload: "echo no such process >&2; exit 3" });
  await until(() => logged.length > 0, "a line in the log");
  assert.match(logged[0]!, /^warn revocations\.failed .*no such process/);
  assert.equal(disconnected, []);
  await keeper.close();
});

test("a file that cannot be written is told at the start", async () => {
  const message = await keep({ file: join(directory, "none/crl.pem") }).then(() => "", (error: Error) => error.message);
  assert.match(message, /ENOENT.*none\/crl\.pem/);
});

test.run();
