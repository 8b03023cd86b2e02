// SPDX-License-Identifier: Apache-2.0
import { setup } from "../tools/setup/index.ts";
import { Gateway } from "../test/lab/gateway.ts";
import { Topology } from "../test/lab/topology.ts";
import { closed, edits, figures, prepare } from "./lib/edits.ts";
import { print } from "./lib/result.ts";

export const about = "from the replacement of the policy file to the effect seen by packets between two stations";

const TARGET = 50;
const EDITS = 400;
const PAUSE = 130;

export async function run(): Promise<void> {
  await setup();
  const topology = await Topology.create({ mode: "isolating" });
  try {
    const gateway = await Gateway.start(topology, "quickjs", closed);
    await prepare(topology);
    const measured = await edits(topology, EDITS, PAUSE, (text) => gateway.writePolicy(text));
    for (const figure of figures(measured, PAUSE, TARGET)) print({ bench: "edit", ...figure, note: `${figure.note}; real frames in namespaces, gateway on QuickJS, a probe every 2 ms` });
  } finally {
    await topology.close();
  }
}
