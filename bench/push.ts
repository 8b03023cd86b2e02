// SPDX-License-Identifier: Apache-2.0
import { setup } from "../tools/setup/index.ts";
import { Backend } from "../test/lab/backend.ts";
import { Gateway } from "../test/lab/gateway.ts";
import { sleep, until } from "../test/lab/command.ts";
import { Topology } from "../test/lab/topology.ts";
import { closed, edits, figures, open, prepare } from "./lib/edits.ts";
import { print, quantile } from "./lib/result.ts";

export const about = "from the call of the backend's API to the effect seen by packets between two stations, and to the report of it";

const TARGET = 100;
const PUSHES = Number(process.env["BENCH_PUSHES"] ?? 300);
/** Time between two pushes, milliseconds. */
const PAUSE = 250;
/** Of reports, milliseconds: more often a gateway does not send one. */
const INTERVAL = 1050;
const REPORTS = Math.ceil(PUSHES / 5);
const BURST = 10;
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
    reported(await reports(backend, REPORTS, INTERVAL), await reports(backend, BURST, 0));
  } finally {
    await topology.close();
  }
}

/** Milliseconds of each push until the API shows the gateway's report of that version; `rest` milliseconds lie between a report and the next push. */
async function reports(backend: Backend, count: number, rest: number): Promise<number[]> {
  const samples: number[] = [];
  for (let i = 0; i < count; i++) {
    await sleep(rest + (i % 10));
    const start = performance.now();
    const version = await backend.push(NETWORK, i % 2 === 0 ? open : closed);
    await until(`version ${version} reported`, 5000, async () => (await backend.gateway(ID)).reported?.desired?.version === version, 2);
    samples.push(performance.now() - start);
  }
  return samples;
}

function reported(alone: readonly number[], bursts: readonly number[]): void {
  const [p50, p99] = [quantile(alone, 0.5), quantile(alone, 0.99)];
  const busy = `p50 ${quantile(bursts, 0.5).toFixed(0)}, p99 ${quantile(bursts, 0.99).toFixed(0)} ms for ${bursts.length} pushes without a pause: a gateway reports once a second at most`;
  print({ bench: "push", metric: "reported", unit: "ms", value: p99, p50, p99, note: `${alone.length} pushes, each more than a second after the last report; until GET /gateways/ID shows the version, asked again 2 ms after each answer; ${busy}; ${SETUP}` });
}
