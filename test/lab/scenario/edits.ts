// SPDX-License-Identifier: Apache-2.0
import { writeFileSync } from "node:fs";
import { until } from "../command.ts";
import { all, type Check, cut, expect, policy, reaches, rule, session, type World } from "./world.ts";

const printing = rule("laptop", "printer", "[tcp/631]");
const raw = rule("laptop", "printer", "[tcp/9100]");
const echo = rule("laptop", "printer", "[udp/5000]");

async function openAfterEdit(world: World, text: string): Promise<string> {
  const ms = await world.gateway.edit(text, () => reaches(world, "laptop", "printer", "udp/5000", 4, 60));
  return `seen after ${Math.round(ms)} ms`;
}

export const edits: Check[] = [
  { name: "editing the policy opens at once", run: async (world) => {
    await world.gateway.policy(policy(printing));
    return openAfterEdit(world, policy(printing, echo));
  } },
  { name: "a file written in place counts as well", only: "standalone", run: async (world) => {
    await world.gateway.policy(policy());
    writeFileSync(world.gateway.policyFile, policy(echo));
    await until("its effect", 3000, () => reaches(world, "laptop", "printer", "udp/5000", 4, 60));
  } },
  { name: "editing closes to new connections at once", run: async (world) => {
    await world.gateway.policy(policy(printing));
    const ms = await world.gateway.edit(policy(), async () => !(await reaches(world, "laptop", "printer", "tcp/631", 4, 200)));
    expect(ms < 1000, `still open after ${Math.round(ms)} ms`);
    await all(world, "closed", [["laptop", "printer", "tcp/631"]]);
  } },
  { name: "a rule that goes cuts its TCP session, client to server", run: async (world) => {
    await world.gateway.policy(policy(printing, raw));
    const [closing, staying] = [await session(world, "laptop", "printer", 631), await session(world, "laptop", "printer", 9100)];
    expect((await closing.forth()) && (await staying.forth()), "the sessions did not work before");
    await world.gateway.policy(policy(raw));
    expect(await cut(closing.forth), "the client still reaches the server");
    expect(await staying.forth(2000), "another session was cut too");
  } },
  { name: "a rule that goes cuts its TCP session, server to client", run: async (world) => {
    await world.gateway.policy(policy(printing, raw));
    const [closing, staying] = [await session(world, "laptop", "printer", 631, 6), await session(world, "laptop", "printer", 9100, 6)];
    expect((await closing.back()) && (await staying.back()), "the sessions did not work before");
    await world.gateway.policy(policy(raw));
    expect(await cut(closing.back), "the server still reaches the client");
    expect(await staying.back(2000), "another session was cut too");
  } },
  { name: "a rule that goes cuts established UDP", run: async (world) => {
    await world.gateway.policy(policy(echo));
    const { agent } = world.topology.station("laptop");
    const ask = () => agent.call("exchange", { protocol: "udp", address: world.topology.station("printer").ipv4, port: 5000, from: 40_001, deadline: 400 }).then(() => true, () => false);
    expect(await ask(), "closed before");
    await world.gateway.policy(policy());
    expect(!(await ask()), "still open");
  } },
  { name: "a session survives an edit that keeps its rule", run: async (world) => {
    await world.gateway.policy(policy(printing));
    const kept = await session(world, "laptop", "printer", 631);
    await world.gateway.policy(policy(echo, printing));
    expect(await kept.forth(2000), "it was cut, client to server");
    expect(await kept.back(2000), "it was cut, server to client");
  } },
  { name: "an invalid policy leaves the old one in force, and status tells the line", only: "standalone", run: async (world) => {
    await world.gateway.policy(policy(printing));
    await world.gateway.policy(policy(printing, rule("laptop", "printer", "[tcp/99999]")));
    const { policy: { errors, source }, healthy } = await world.gateway.status();
    expect(errors.length > 0 && errors[0]!.line !== undefined && !healthy, `status says ${source}, errors ${JSON.stringify(errors)}`);
    await all(world, "open", [["laptop", "printer", "tcp/631"]]);
    const { code, stdout } = await world.gateway.cli("policy", "check", world.gateway.policyFile);
    expect(code === 1 && stdout.includes("99999"), `policy check ended with ${code} and said ${stdout.trim()}`);
  } },
  { name: "half a policy file is never in force", only: "standalone", run: async (world) => {
    const text = policy(printing, echo);
    await world.gateway.policy(text);
    writeFileSync(world.gateway.policyFile, text.slice(0, text.indexOf("- {") + 9));
    await all(world, "open", [["laptop", "printer", "tcp/631"], ["laptop", "printer", "udp/5000"]]);
    await world.gateway.policy(policy(printing));
    await all(world, "closed", [["laptop", "printer", "udp/5000"]]);
  } },
];
