// SPDX-License-Identifier: Apache-2.0
// The benches of the backend still run: a small fleet on real PostgreSQL and Mosquitto, and the real gateway with its link up. Figures are the bench's business.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { measureFleet } from "../../bench/fleet.ts";
import { BackendProcess } from "../../bench/lib/backend.ts";
import { withDummySwitch } from "../../bench/lib/dummy-switch.ts";
import { FleetBackend } from "../../bench/lib/fleet-backend.ts";
import { BenchGateway } from "../../bench/lib/gateway.ts";
import type { Result } from "../../bench/lib/result.ts";
import { setup } from "../../tools/setup/index.ts";
import { telling, until } from "../lab/command.ts";

let fleet: FleetBackend | undefined;

test.before(telling(async () => {
  await setup({ parts: ["packages", "openvswitch", "quickjs", "securebox"] });
  fleet = await FleetBackend.start();
}));
test.after(() => fleet?.stop());

test("20 simulated gateways are welcomed and report each policy that is pushed", async () => {
  const results = await measureFleet(fleet!, 20, 2, 500);
  const figure = (metric: string): Result => results.find((each) => each.metric === metric)!;
  assert.equal(results.map(({ metric }) => metric), ["connect-storm", "memory-per-gateway", "cpu-per-gateway", "policy-to-all"]);
  for (const metric of ["connect-storm", "policy-to-all"]) {
    const { value, p50, p99 } = figure(metric);
    assert.ok(value > 0 && value < 30 && p50! > 0 && p50! <= p99!, JSON.stringify(figure(metric)));
  }
  assert.match(figure("connect-storm").note!, "; 0 tries failed");
  assert.match(figure("policy-to-all").note!, "; 0 connections lost");
  assert.ok(figure("cpu-per-gateway").value > 0);
});

test("a gateway of the memory bench enrols, starts anew and is welcomed; its memory can be read", async () => {
  const directory = mkdtempSync(join(tmpdir(), "sbx-backend-"));
  const backend = await BackendProcess.start(directory);
  try {
    await backend.createNetwork("bench");
    const version = await backend.push("bench", "network: bench\nrules:\n  - { from: all, to: internet, allow: [tcp/443] }\n");
    await withDummySwitch(async (ovs) => {
      const gateway = await BenchGateway.prepare(ovs, "quickjs", { devices: 0, rules: 0 });
      try {
        await gateway.start();
        await gateway.enrol(await backend.invite("bench", "gw-0"));
        const { backend: link, policy } = await gateway.status();
        assert.equal([link?.synchronised, policy.source, policy.version], [true, "backend", version]);
        const { resident, peak } = gateway.memory();
        assert.ok(resident > 3 && resident <= peak && peak < 20, `resident ${resident}, peak ${peak} MB`);
      } finally {
        await gateway.close();
      }
    });
  } finally {
    await backend.stop();
    rmSync(directory, { recursive: true, force: true });
  }
});

test("a gateway of the memory bench as on OpenWrt has its configuration in UCI, and stations from hostapd's objects", async () => {
  await withDummySwitch(async (ovs) => {
    const gateway = await BenchGateway.prepare(ovs, "quickjs", { devices: 3, rules: 1, openwrt: true });
    try {
      await gateway.start();
      await until("stations of hostapd", 20_000, async () => (await gateway.status()).stations.source === "connected");
      const { devices, bus, problems } = await gateway.status();
      assert.equal([devices.known, bus?.connected, problems], [3, true, []]);
      assert.is(await gateway.settledOnOpenwrt().then(() => "settled", (error: Error) => error.message.slice(0, 17)), "not as on OpenWrt", "settings are applied half a minute later");
    } finally {
      await gateway.close();
    }
  });
});

test.run();
