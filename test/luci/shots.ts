// SPDX-License-Identifier: Apache-2.0
/* node tools/run.mjs test/luci/shots.ts DIR    pictures of every page with a made-up gateway, wide and as on a phone, into DIR; OPENWRT_PREFIX as for the tests */
import { mkdirSync } from "node:fs";
import type { BrowserContextOptions, Page } from "playwright-core";
import { LuciBench } from "./bench.ts";
import { FakeGateway, LAPTOP, PRINTER } from "./fake-gateway.ts";

const directory = process.argv[2] ?? ".";
mkdirSync(directory, { recursive: true });
const bench = await LuciBench.start();
const gateway = new FakeGateway();
await gateway.publish(bench.bus.client());
gateway.events = Array.from({ length: 12 }, (_, index) => ({ sequence: index + 1, time: `2026-01-02T03:04:${10 + index}.000Z`, level: index % 4 === 0 ? "warn" : "info", event: index % 3 === 0 ? "flow denied" : "device associated", fields: index % 3 === 0 ? { from: PRINTER, to: LAPTOP, service: "tcp/22" } : { mac: PRINTER, port: "wlan0", name: gateway.devices[index % gateway.devices.length]!.name } }));
const sizes: Record<string, BrowserContextOptions> = { wide: { viewport: { width: 1280, height: 860 } }, phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 }, dark: { viewport: { width: 1280, height: 860 }, colorScheme: "dark" } };

async function shoot(name: string, page: string, heading: string, play: (page: Page) => Promise<void> = async () => {}): Promise<void> {
  for (const [size, options] of Object.entries(sizes)) {
    const seen = await bench.open(page, heading, "root", options);
    await play(seen.page);
    await seen.page.screenshot({ path: `${directory}/${name}-${size}.png`, fullPage: true });
    await seen.close();
  }
}

const click = (page: Page, name: string) => page.getByRole("button", { name, exact: true }).first().click();
await shoot("status", "status", "Securebox");
await shoot("devices", "devices", "Devices", async (page) => {
  await click(page, "Isolate");
  await page.getByText("In force:").waitFor();
  await click(page, "Who reaches it");
  await page.getByText("Who may reach whom").waitFor();
});
await shoot("why", `why?a=${PRINTER}&b=${LAPTOP}&service=tcp/22`, "Why", (page) => page.getByText("no rule allows it").waitFor());
await shoot("events", "events", "Events");
await shoot("settings", "settings", "Settings");
gateway.problems = ["the switch cannot be reached: /var/run/openvswitch/br0.mgmt"];
gateway.backend = { state: "waiting", synchronised: false, broker: "broker.example:8883", network: "home", gateway: "gw-1", since: "2026-01-02T03:04:05.000Z", lastError: "connection refused", retryIn: 12, outbox: { events: 3, lost: 0 }, clock: "floor", desired: { sequence: 3, version: 4, digest: "ab" } };
await shoot("trouble", "status", "Securebox");
await gateway.withdraw();
await shoot("away", "status", "Securebox");
await bench.stop();
