// SPDX-License-Identifier: Apache-2.0
import { setup } from "../tools/setup/index.ts";
import { Backend } from "../test/lab/backend.ts";
import { Gateway } from "../test/lab/gateway.ts";
import { until } from "../test/lab/command.ts";
import { Topology } from "../test/lab/topology.ts";
import { closed, edits, figures, open, prepare } from "./lib/edits.ts";
import { print, quantile } from "./lib/result.ts";

export const about = "from the call of the backend's API to the effect seen by packets between two stations, and to the report of it";

const TARGET = 100;
const PUSHES = Number(process.env["BENCH_PUSHES"] ?? 300);
/** Time between two pushes, milliseconds. */
const PAUSE = 250;
const NETWORK = /^network: (\S+)$/m.exec(open)![1]!;
const ID = "gw-bench";
const SETUP = "real frames in namespaces, gateway on QuickJS, backend on PGlite with its embedded broker, TLS between them";

export async function run(): Promise<void> {
  await setup();
  const topology = await Topology.create({ mode: "isolating" });
  try {
    const gateway = await Gateway.start(topology, "quickjs", closed);
    const backend = await Backend.start(topology.lab, topology.ap);
    await gateway.join(backend, ID, closed);
    await prepare(topology);
    const acknowledged: number[] = [];
    const measured = await edits(topology, PUSHES, PAUSE, async (text) => {
      const start = performance.now();
      await backend.push(NETWORK, text);
      acknowledged.push(performance.now() - start);
    });
    const [ack50, ack99] = [quantile(acknowledged, 0.5), quantile(acknowledged, 0.99)];
    for (const figure of figures(measured, PAUSE, TARGET)) {
      print({ bench: "push", ...figure, note: `${figure.note}; from before PUT .../policy, which was answered after p50 ${ack50.toFixed(1)} ms, p99 ${ack99.toFixed(1)} ms; ${SETUP}, a probe every 2 ms` });
    }
    reported(await reports(backend));
  } finally {
    await topology.close();
  }
}

/** Milliseconds of each push until the API shows the gateway's report of that version. */
async function reports(backend: Backend): Promise<number[]> {
  const samples: number[] = [];
  for (let i = 0; i < PUSHES; i++) {
    const start = performance.now();
    const version = await backend.push(NETWORK, i % 2 === 0 ? open : closed);
    await until(`version ${version} reported`, 5000, async () => (await backend.gateway(ID)).reported?.desired?.version === version, 2);
    samples.push(performance.now() - start);
  }
  return samples;
}

function reported(samples: readonly number[]): void {
  const [p50, p99] = [quantile(samples, 0.5), quantile(samples, 0.99)];
  print({ bench: "push", metric: "reported", unit: "ms", value: p99, p50, p99, note: `${samples.length} samples; until GET /gateways/ID shows the version, asked again 2 ms after each answer; ${SETUP}` });
}
