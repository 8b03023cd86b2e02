// SPDX-License-Identifier: Apache-2.0
// A gateway whose policies come from a backend: pushed, refused, rolled back, asked about, cut off.
import { sleep, until } from "../command.ts";
import type { Backend } from "../backend.ts";
import { all, type Check, during, expect, policy, reaches, rule, type World } from "./world.ts";

const printing = rule("laptop", "printer", "[tcp/631]");
const echo = rule("laptop", "printer", "[udp/5000]");
const asking = rule("laptop", "printer", "[udp/5000]", ", otherwise: ask, fallback: deny");

function backendOf({ gateway }: World): Backend {
  if (!gateway.backend) throw new Error("the gateway has joined no backend");
  return gateway.backend;
}

/** The wire is cut, `meanwhile` is done, the wire is mended; milliseconds from then until `effect`. */
async function acrossCut(world: World, meanwhile: () => Promise<unknown>, effect: () => Promise<boolean>): Promise<number> {
  const { wire } = backendOf(world);
  await wire.plug(false);
  await meanwhile().finally(() => wire.plug(true));
  const start = performance.now();
  await until("the effect after the cut", 20_000, effect);
  return Math.round(performance.now() - start);
}

export const managed: Check[] = [
  { name: "the gateway reports what the backend desires: no drift", only: "backend", run: async (world) => {
    await world.gateway.policy(policy(printing));
    const version = (await world.gateway.status()).policy.version!;
    const took = await backendOf(world).inForce(world.gateway.id!, version);
    const { drift, presence, reported } = await backendOf(world).gateway(world.gateway.id!);
    expect(!drift && presence === "online" && reported?.policy.source === "backend", JSON.stringify({ drift, presence, source: reported?.policy.source }));
    return `version ${version}, reported within ${Math.round(took)} ms`;
  } },
  { name: "an invalid policy is refused by the API with its line, and the old one stays", only: "backend", run: async (world) => {
    await world.gateway.policy(policy(printing));
    const text = policy(printing, rule("laptop", "printer", "[tcp/99999]"));
    const { status, text: answer } = await backendOf(world).ask("PUT", "/api/v1/networks/lab/policy", { text, reason: "a mistake" }, backendOf(world).token());
    const line = text.split("\n").findIndex((each) => each.includes("99999")) + 1;
    expect(status === 422 && answer.includes(`"line":${line}`), `${status} ${answer}`);
    await all(world, "open", [["laptop", "printer", "tcp/631"]]);
  } },
  { name: "a dry run tells what would open, and opens nothing", only: "backend", run: async (world) => {
    await world.gateway.policy(policy(printing));
    const run = await backendOf(world).api<{ valid: boolean; changes: { service: string; before: string; after: string }[] }>("POST", "/api/v1/networks/lab/policy/dry-run", { text: policy(printing, echo) });
    expect(run.valid && run.changes.some(({ service, before, after }) => service === "udp/5000" && before === "deny" && after === "allow"), JSON.stringify(run));
    await all(world, "closed", [["laptop", "printer", "udp/5000"]]);
  } },
  { name: "a rollback brings an earlier version in force", only: "backend", run: async (world) => {
    await world.gateway.policy(policy(printing));
    const { version } = (await world.gateway.status()).policy;
    await world.gateway.policy(policy(echo));
    await all(world, "closed", [["laptop", "printer", "tcp/631"]]);
    await backendOf(world).api("POST", "/api/v1/networks/lab/policy/rollback", { version, reason: "the printer stopped" });
    await until("the rollback", 3000, () => reaches(world, "laptop", "printer", "tcp/631", 4, 200));
    await all(world, "closed", [["laptop", "printer", "udp/5000"]]);
  } },
  { name: "the backend answers about a held flow, by an operator's verdict", only: "backend", run: async (world) => {
    await world.gateway.policy(policy(asking));
    await all(world, "closed", [["laptop", "printer", "tcp/9100"]]);
    const { mac } = (await backendOf(world).api<{ items: { name?: string; mac: string }[] }>("GET", "/api/v1/networks/lab/devices")).items.find(({ mac }) => mac.endsWith(":11"))!;
    const verdict = await backendOf(world).api<{ id: number }>("POST", "/api/v1/networks/lab/verdicts", { kind: "flow", device: mac, remote: "*", protocol: 6, port: 9100, verdict: "allow", reason: "the operator said so", lifetime: 60 });
    await world.gateway.policy(policy(asking, echo)); // asks anew
    await all(world, "open", [["laptop", "printer", "tcp/9100"]]);
    await all(world, "closed", [["laptop", "printer", "tcp/631"]]);
    await backendOf(world).api("DELETE", `/api/v1/networks/lab/verdicts/${verdict.id}`);
  } },
  { name: "the backend killed (SIGKILL): protected, no loss; what was pushed before is there after", only: "backend", run: async (world) => {
    await world.gateway.policy(policy(echo));
    const { lost, sent } = await during(world, "laptop", "printer", async () => {
      await backendOf(world).kill("SIGKILL");
      await all(world, "closed", [["laptop", "printer", "tcp/631"], ["phone", "printer", "udp/5000"]]);
      await backendOf(world).run();
    });
    expect(lost === 0, `${lost} of ${sent} datagrams of an allowed flow were lost`);
    const start = performance.now();
    await world.gateway.policy(policy(echo, printing));
    await all(world, "open", [["laptop", "printer", "tcp/631"]]);
    return `a push after its return is in force within ${Math.round(performance.now() - start)} ms`;
  } },
  { name: "the link cut: the policy stays, and a newer one is in force within 5 s of its return", only: "backend", run: async (world) => {
    await world.gateway.policy(policy(echo));
    const took = await acrossCut(world, async () => {
      await backendOf(world).push("lab", policy(echo, printing));
      await sleep(3000);
      await all(world, "open", [["laptop", "printer", "udp/5000"]]);
      await all(world, "closed", [["laptop", "printer", "tcp/631"]]);
    }, () => reaches(world, "laptop", "printer", "tcp/631", 4, 200));
    expect(took <= 5000, `after ${took} ms`);
    return `after ${took} ms`;
  } },
  { name: "a gateway that restarts while the backend is away keeps its policy", only: "backend", run: async (world) => {
    await world.gateway.policy(policy(echo));
    await acrossCut(world, async () => {
      await world.gateway.kill("SIGKILL");
      await world.gateway.run();
      await all(world, "open", [["laptop", "printer", "udp/5000"]]);
      await all(world, "closed", [["laptop", "printer", "tcp/631"]]);
    }, async () => (await world.gateway.status()).backend?.synchronised === true);
  } },
];
