// SPDX-License-Identifier: Apache-2.0
// A backend of several parts in the namespace at the far end of the wire: PostgreSQL, Mosquitto with what broker-config wrote, and two processes that share the work.
import { chmodSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MosquittoServer } from "../../backend/test/support/mosquitto-server.ts";
import { PostgresqlServer } from "../../backend/test/support/postgresql-server.ts";
import { Backend, link } from "./backend.ts";
import type { Lab, Namespace } from "./namespace.ts";

const [GATEWAYS, PROCESSES] = [8883, 8884];

export interface Servers { postgresql: PostgresqlServer; mosquitto: MosquittoServer; backends: [Backend, Backend] }

/** `args`: more options of the processes, given where broker-config wrote. All of it ends with the lab. */
export async function startServers(lab: Lab, ap: Namespace, args: (directory: string) => readonly string[] = () => []): Promise<Servers> {
  const directory = mkdtempSync(join(tmpdir(), "securebox-servers-")); // not below the lab's: its servers are other users
  chmodSync(directory, 0o755);
  const env: Record<string, string> = {};
  const broker = ["--broker-url", `mqtts://127.0.0.1:${PROCESSES}`, "--broker-cert", join(directory, "backend.pem"), "--broker-key", join(directory, "backend.key"), "--mqtt-url", `mqtts://${link.backend}:${GATEWAYS}`];
  const options = { env, args: [...broker, ...args(directory)] };
  const first = await Backend.prepare(lab, ap, options);
  const second = first.beside({ ...options, number: 2 });
  const postgresql = await PostgresqlServer.start(first.namespace.inside);
  lab.onClose(() => postgresql.stop());
  env.DATABASE_URL = postgresql.url;
  const { code, stderr } = await first.cli("broker-config", directory, "--name", link.backend, "--database-url", postgresql.url);
  if (code !== 0) throw new Error(`broker-config: exit status ${code}: ${stderr.trim()}`);
  const mosquitto = await MosquittoServer.startWritten(directory, GATEWAYS, PROCESSES, first.namespace.inside);
  lab.onClose(() => mosquitto.stop());
  await Promise.all([first.run(), second.run()]);
  return { postgresql, mosquitto, backends: [first, second] };
}
