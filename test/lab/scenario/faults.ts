// SPDX-License-Identifier: Apache-2.0
// What dies, with traffic on an allowed pair and an attack going on.
import { attacks } from "../attacks/index.ts";
import { sleep } from "../command.ts";
import { fill } from "../disk.ts";
import { all, type Check, during, expect, policy, reaches, rule, type World } from "./world.ts";

const allowed = rule("laptop", "printer", "[udp/5000]");
const opened = rule("laptop", "printer", "[udp/5000, tcp/631]");
/** Attacks that move no station, from every place. */
const barrage = attacks.filter((attack) => !attack.alone && ["plain unicast", "IP spoofing", "broadcast reflection", "gateway bouncing"].includes(attack.kind));

/** Runs `action` with attacks going on; none may succeed. */
async function attacked<T>(world: World, action: () => Promise<T>): Promise<T> {
  let over = false;
  const through = new Set<string>();
  const attacking = (async () => {
    while (!over) await Promise.all(barrage.map(async (attack) => (await attack.run(world.topology)) && through.add(attack.name)));
  })();
  const result = await action().finally(() => (over = true));
  await attacking;
  expect(through.size === 0, `attacks succeeded meanwhile: ${[...through].join("; ")}`);
  return result;
}

/** Carries out `fault` with the allowed pair's stream and attacks running. */
export function faulty(world: World, fault: () => Promise<unknown>): Promise<{ lost: number; gap: number; sent: number }> {
  return attacked(world, async () => {
    await during(world, "laptop", "printer", async () => {}); // its addresses resolved, its entry in the datapath
    return during(world, "laptop", "printer", async () => {
      await fault();
      await sleep(500); // what comes of it
    });
  });
}

/** Resolves when ovs-vswitchd has found the new one and taken over a change from it, and some time for what comes of that is over. */
async function restartOvsdb({ topology: { ovs } }: World): Promise<void> {
  await ovs.restartOvsdb();
  await ovs.vsctl("set", "Open_vSwitch", ".", `external_ids:restarted=${Date.now()}`);
  await sleep(500);
}

/**
 * On the userspace datapath ovs-vswitchd forwards nothing from the end of ovsdb-server until it is connected to the new one: a second after the first restart, more after others soon
 * after it or when the new one is slow to come. So it does with a NORMAL flow alone and no gateway, on 3.1 and 2.15. Packets wait in its sockets meanwhile, as many as fit. What the
 * gateway is answerable for is that it makes nothing of it: that the flows, ports and connections are there when those packets are read. So few are sent, all of them are
 * waited for, and the attacks, which fill the sockets, come at another restart.
 */
async function losslessWithoutOvsdb(world: World): Promise<string> {
  const { lastSync } = (await world.gateway.status()).switch;
  const result = await during(world, "laptop", "printer", () => restartOvsdb(world), 4, 50);
  const told = `${lossless(result)}; the switch stood still for ${result.gap} ms`;
  const { lastSync: after } = (await world.gateway.status()).switch;
  expect(after?.at === lastSync?.at, `the gateway compared all flows anew: ${JSON.stringify(after)}`);
  await attacked(world, () => restartOvsdb(world));
  return told;
}

function lossless({ lost, sent }: { lost: number; sent: number }): string {
  expect(lost === 0, `${lost} of ${sent} datagrams of an allowed flow were lost`);
  return `none of ${sent} datagrams lost`;
}

export const faults: Check[] = [
  { name: "gateway killed (SIGKILL): protected, and allowed flows go on without loss", run: async (world) => {
    await world.gateway.policy(policy(allowed));
    return lossless(await faulty(world, async () => {
      await world.gateway.kill("SIGKILL");
      await sleep(700);
    }));
  } },
  { name: "gateway started again: takes its flows over without loss, and edits work", run: async (world) => {
    await world.gateway.kill("SIGKILL");
    const told = lossless(await faulty(world, () => world.gateway.run()));
    await world.gateway.policy(policy(opened));
    await all(world, "open", [["laptop", "printer", "tcp/631"]]);
    return told;
  } },
  { name: "gateway stopped (SIGTERM) and started: no loss either", run: async (world) => {
    await world.gateway.policy(policy(opened));
    return lossless(await faulty(world, async () => {
      await world.gateway.kill("SIGTERM");
      await world.gateway.run();
    }));
  } },
  { name: "ovs-vswitchd restarted: protected, and the flows come back", run: async (world) => {
    await world.gateway.policy(policy(opened));
    const { gap, lost } = await faulty(world, async () => {
      await world.topology.ovs.restartVswitchd();
      for (let i = 0; i < 100 && !(await reaches(world, "laptop", "printer", "udp/5000", 4, 100)); i++) await sleep(20);
    });
    await all(world, "open", [["laptop", "printer", "udp/5000"], ["laptop", "printer", "tcp/631"]]);
    await all(world, "closed", [["printer", "laptop", "tcp/631"], ["phone", "printer", "udp/5000"]]);
    return `gap ${gap} ms, ${lost} datagrams`;
  } },
  { name: "ovsdb-server restarted: no loss, and edits work", run: async (world) => {
    await world.gateway.policy(policy(opened));
    const told = await losslessWithoutOvsdb(world);
    await world.gateway.policy(policy(allowed));
    await all(world, "closed", [["laptop", "printer", "tcp/631"]]);
    return told;
  } },
  { name: "a full disk: protected, allowed flows go on, and edits work", only: "standalone", run: async (world) => {
    await world.gateway.policy(policy(allowed));
    const told = lossless(await faulty(world, async () => {
      fill(world.gateway.stateDirectory);
      await world.gateway.policy(policy(opened));
    }));
    await all(world, "open", [["laptop", "printer", "tcp/631"]]);
    return told;
  } },
];
