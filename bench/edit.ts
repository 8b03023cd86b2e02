// SPDX-License-Identifier: Apache-2.0
import { setup } from "../tools/setup/index.ts";
import { sleep } from "../test/lab/command.ts";
import { Gateway } from "../test/lab/gateway.ts";
import { policy, rule } from "../test/lab/scenario/world.ts";
import { Topology } from "../test/lab/topology.ts";
import { end, program, start } from "./lib/program.ts";
import { print, quantile } from "./lib/result.ts";
import type { Probe } from "./programs/probe.ts";

export const about = "from the replacement of the policy file to the effect seen by packets between two stations";

const TARGET = 50;
const EDITS = 200;
const PORT = 5000;
/** Time between two edits: enough for the effect and for a round of the old connection. */
const PAUSE = 130;
/** The pair is never closed altogether, so that what is measured is the rule and not the stations' address resolution. */
const closed = policy(rule("laptop", "printer", "[icmp]"));
const open = policy(rule("laptop", "printer", `[icmp, udp/${PORT}]`));

interface Edit {
  at: number;
  opens: boolean;
}

export async function run(): Promise<void> {
  await setup();
  const topology = await Topology.create({ mode: "isolating" });
  try {
    const gateway = await Gateway.start(topology, "quickjs", closed);
    await topology.online("laptop", "printer");
    await topology.station("printer").agent.call("serve", { protocol: "udp", port: PORT });
    const { edits, probes } = await measure(topology, gateway);
    report(edits, probes);
  } finally {
    await topology.close();
  }
}

async function measure(topology: Topology, gateway: Gateway): Promise<{ edits: Edit[]; probes: Probe[] }> {
  const { namespace } = topology.station("laptop");
  const child = start(namespace.inside([...(await program("probe", "node")), topology.station("printer").ipv4, String(PORT)]), "pipe", "pipe");
  const output: Buffer[] = [];
  child.stdout!.on("data", (chunk: Buffer) => output.push(chunk));
  try {
    await sleep(1000);
    const edits: Edit[] = [];
    for (let i = 0; i < 2 * EDITS; i++) {
      const opens = i % 2 === 0;
      edits.push({ at: Number(process.hrtime.bigint()) / 1e6, opens });
      await gateway.writePolicy(opens ? open : closed);
      await sleep(PAUSE + (i % 10)); // not in step with anything that happens at regular intervals
    }
    const ended = new Promise((resolve) => child.once("close", resolve));
    child.stdin!.end();
    await ended;
    return { edits, probes: JSON.parse(Buffer.concat(output).toString()) as Probe[] };
  } finally {
    await end(child);
  }
}

function report(edits: readonly Edit[], probes: readonly Probe[]): void {
  const kinds = {
    "enforced-open": delays(edits, probes, true, true),
    "enforced-close-new": delays(edits, probes, false, true),
    "enforced-close-established": delays(edits, probes, false, false),
  };
  for (const [metric, samples] of Object.entries({ enforced: Object.values(kinds).flat(), ...kinds })) {
    const [p50, p99] = [quantile(samples, 0.5), quantile(samples, 0.99)];
    print({ bench: "edit", metric, unit: "ms", value: p99, p50, p99, ...(p99 > TARGET && { missed: true as const }), note: `${samples.length} edits; real frames in namespaces, gateway on QuickJS, a probe every 2 ms` });
  }
}

/**
 * Per edit: until the first answer arrived (opening), or until the sending of the first datagram that nothing answered nor anything after it (closing).
 * An edit without effect in its time counts with the whole of it.
 */
function delays(edits: readonly Edit[], probes: readonly Probe[], opens: boolean, fresh: boolean): number[] {
  const asked = probes.filter((probe) => probe.fresh === fresh);
  return edits.flatMap(({ at, opens: opening }, i) => {
    if (opening !== opens) return [];
    const until = edits[i + 1]?.at ?? at + PAUSE;
    const within = asked.filter(({ sent }) => sent >= at && sent < until);
    if (opens) return [Math.min(...within.map(({ answered }) => answered ?? until), until) - at];
    const last = within.findLastIndex(({ answered }) => answered !== null);
    const before = edits[i - 1]!.at;
    if (!asked.some(({ sent, answered }) => sent >= before && sent < at && answered !== null)) throw new Error(`edit ${i} was to close what the one before had not opened`);
    return [last < 0 ? 0 : (within[last + 1]?.sent ?? until) - at];
  });
}
