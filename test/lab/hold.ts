// SPDX-License-Identifier: Apache-2.0
// Builds the network and waits to be ended: for the test of what a lab leaves behind. Prints the lab's directory once it is up.
import { sleep } from "./command.ts";
import { closeOnSignals } from "./signals.ts";
import { Topology } from "./topology.ts";

closeOnSignals();
const topology = await Topology.create({ mode: "plain" });
process.stdout.write(`${topology.lab.directory}\n`);
await sleep(120_000);
await topology.close();
