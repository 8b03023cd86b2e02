// SPDX-License-Identifier: Apache-2.0
// A clustered OVSDB of three real servers on loopback: database Open_vSwitch, no switch.
import { mkdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { openvswitchPrograms, type OvsVersion } from "../../tools/setup/openvswitch.ts";
import { must, repositoryRoot, until } from "./command.ts";
import { Daemon, endLeftovers } from "./daemon.ts";

export interface OvsdbCluster {
  readonly sockets: readonly string[];
  /** Index of the present leader, once there is one that the others follow. */
  leader(): Promise<number>;
  kill(index: number, signal: NodeJS.Signals): void;
  stop(): Promise<void>;
}

export async function startOvsdbCluster(options: { version: OvsVersion; directory: string }): Promise<OvsdbCluster> {
  const directory = resolve(options.directory);
  const programs = openvswitchPrograms(options.version, repositoryRoot());
  const env = { ...programs.env, OVS_RUNDIR: directory, OVS_DBDIR: directory, OVS_LOGDIR: directory };
  await endLeftovers(directory);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const addresses = (await freePorts(3)).map((port) => `tcp:127.0.0.1:${port}`);
  const file = (index: number, suffix: string): string => join(directory, `${index}.${suffix}`);
  await must([programs.ovsdbTool, "create-cluster", file(0, "db"), programs.schema, addresses[0]!], { env });
  for (const index of [1, 2]) await must([programs.ovsdbTool, "join-cluster", file(index, "db"), "Open_vSwitch", addresses[index]!, addresses[0]!], { env });
  const daemons = addresses.map((_, index) => new Daemon(`ovsdb-${index}`, directory,
    [programs.ovsdbServer, file(index, "db"), `--remote=punix:${file(index, "sock")}`, `--unixctl=${file(index, "ctl")}`, "-vsyslog:off", "-vconsole:warn"], env));
  for (const daemon of daemons) daemon.start();
  const status = async (index: number): Promise<string> => must([programs.appctl, "-t", file(index, "ctl"), "cluster/status", "Open_vSwitch"], { env }).catch(() => "");
  const leader = (): Promise<number> => until("a leader of the OVSDB cluster", 20_000, async () => {
    const all = await Promise.all(daemons.map((daemon, index) => (daemon.pid === undefined ? "" : status(index))));
    const members = all.every((text) => text === "" || text.includes("Status: cluster member"));
    const index = all.findIndex((text) => text.includes("Role: leader"));
    return members && index >= 0 && all.every((text) => text === "" || !text.includes("Leader: unknown")) ? { index } : undefined;
  }).then(({ index }) => index);
  await leader();
  return {
    sockets: addresses.map((_, index) => file(index, "sock")),
    leader,
    kill: (index, signal) => daemons[index]!.kill(signal),
    stop: async () => void (await Promise.all(daemons.map((daemon) => daemon.stop()))),
  };
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => new Promise<ReturnType<typeof createServer>>((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => done(server));
  })));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}
