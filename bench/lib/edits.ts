// SPDX-License-Identifier: Apache-2.0
// Policies that open and close a pair of stations in turns, and when packets saw it: shared by the benches of the policy file and of the backend.
import { policy, rule } from "../../test/lab/scenario/world.ts";
import { sleep } from "../../test/lab/command.ts";
import type { Topology } from "../../test/lab/topology.ts";
import type { Probe } from "../programs/probe.ts";
import { end, program, start } from "./program.ts";
import { quantile, type Result } from "./result.ts";

const PORT = 5000;
/** The pair is never closed altogether, so that what is measured is the rule and not the stations' address resolution. */
export const closed = policy(rule("laptop", "printer", "[icmp]"));
export const open = policy(rule("laptop", "printer", `[icmp, udp/${PORT}]`));

export interface Edit {
  at: number;
  opens: boolean;
}

/** Puts both stations online, and on one of them the service that the probe asks. */
export async function prepare(topology: Topology): Promise<void> {
  await topology.online("laptop", "printer");
  await topology.station("printer").agent.call("serve", { protocol: "udp", port: PORT });
}

/** `write` puts a policy on its way, `pause` milliseconds after the one before: enough for the effect and for a round of the old connection. */
export async function edits(topology: Topology, count: number, pause: number, write: (text: string) => Promise<unknown>): Promise<{ edits: Edit[]; probes: Probe[] }> {
  const { namespace } = topology.station("laptop");
  const child = start(namespace.inside([...(await program("probe", "node")), topology.station("printer").ipv4, String(PORT)]), "pipe", "pipe");
  const output: Buffer[] = [];
  child.stdout!.on("data", (chunk: Buffer) => output.push(chunk));
  try {
    await sleep(1000);
    const made: Edit[] = [];
    for (let i = 0; i < count; i++) {
      const at = Number(process.hrtime.bigint()) / 1e6, opens = i % 2 === 0;
      made.push({ at, opens });
      await write(opens ? open : closed);
      // Not in step with anything that happens at regular intervals; however long the writing took.
      await sleep(Math.max(0, at + pause + (i % 10) - Number(process.hrtime.bigint()) / 1e6));
    }
    const ended = new Promise((resolve) => child.once("close", resolve));
    child.stdin!.end();
    await ended;
    return { edits: made, probes: JSON.parse(Buffer.concat(output).toString()) as Probe[] };
  } finally {
    await end(child);
  }
}

/** The figures of all edits together, and by kind. `p99` above `target`, milliseconds, is missed. */
export function figures({ edits, probes }: { edits: readonly Edit[]; probes: readonly Probe[] }, pause: number, target: number): Pick<Result, "metric" | "unit" | "value" | "p50" | "p99" | "missed" | "note">[] {
  const kinds = {
    "enforced-open": delays(edits, probes, pause, { opens: true, fresh: true }),
    "enforced-close-new": delays(edits, probes, pause, { opens: false, fresh: true }),
    "enforced-close-established": delays(edits, probes, pause, { opens: false, fresh: false }),
  };
  return Object.entries({ enforced: Object.values(kinds).flat(), ...kinds }).map(([metric, samples]) => {
    const [p50, p99] = [quantile(samples, 0.5), quantile(samples, 0.99)];
    return { metric, unit: "ms", value: p99, p50, p99, ...(p99 > target && { missed: true as const }), note: `${samples.length} samples` };
  });
}

/**
 * Per edit: until the first answer arrived (opening), or until the sending of the first datagram that nothing answered nor anything after it (closing).
 * An edit without effect in its time counts with the whole of it.
 */
function delays(edits: readonly Edit[], probes: readonly Probe[], pause: number, { opens, fresh }: { opens: boolean; fresh: boolean }): number[] {
  const asked = probes.filter((probe) => probe.fresh === fresh);
  return edits.flatMap(({ at, opens: opening }, i) => {
    if (opening !== opens) return [];
    const until = edits[i + 1]?.at ?? at + pause;
    const within = asked.filter(({ sent }) => sent >= at && sent < until);
    if (opens) return [Math.min(...within.map(({ answered }) => answered ?? until), until) - at];
    const last = within.findLastIndex(({ answered }) => answered !== null);
    const before = edits[i - 1]!.at;
    if (!asked.some(({ sent, answered }) => sent >= before && sent < at && answered !== null)) throw new Error(`edit ${i} was to close what the one before had not opened`);
    return [last < 0 ? 0 : (within[last + 1]?.sent ?? until) - at];
  });
}
