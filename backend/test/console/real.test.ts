// SPDX-License-Identifier: Apache-2.0
// A first hour with the real backend, over HTTPS: database, broker, keys and API as `securebox-backend start` puts them together. Only the gateway is a fake.
import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { readConfig } from "../../src/config.ts";
import { start, type Running } from "../../src/start.ts";
import { makeRequest } from "../broker/fixture.ts";
import { openBrowser, signIn, visit, type Visit } from "./browser.ts";
import { enrolFakeGateway, type FakeGateway } from "./fake-gateway.ts";

const LAPTOP = "02:00:00:00:00:11";
const directory = mkdtempSync(join(tmpdir(), "securebox-real-"));
let running: Running;
let url = "";
let password = "";
let browser: Browser;
let seen: Visit;
let page: Page;
let gateway: FakeGateway;
test.before(async () => {
  const told: string[] = [];
  const config = readConfig(["--data", directory, "--name", "127.0.0.1", "--listen", "127.0.0.1", "--api-port", "0", "--http-port", "off", "--mqtt-port", "0", "--log-level", "error"], {});
  [running, browser] = await Promise.all([start(config, "0.1.0", (line) => told.push(line)), openBrowser()]);
  const text = told.join("\n");
  url = /console and API: (https:\S+?)(,|$)/m.exec(text)![1]!;
  password = /password: (\S+)/.exec(text)![1]!;
  seen = await visit(browser, url);
  page = seen.page;
});
test.after(async () => {
  await gateway?.close();
  await browser?.close();
  await running?.stop();
  rmSync(directory, { recursive: true });
});

/** As a gateway, whose trust in the certificate is tested elsewhere. */
function post(path: string, body: unknown): Promise<any> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}${path}`, { method: "POST", rejectUnauthorized: false, headers: { "content-type": "application/json" } }, async (response) => {
      const text = Buffer.concat(await response.toArray()).toString();
      if (response.statusCode! >= 300) reject(new Error(`${path}: ${response.statusCode} ${text}`));
      else resolve(JSON.parse(text));
    });
    sent.on("error", reject).end(JSON.stringify(body));
  });
}

async function pushWith(edit: () => Promise<void>, reason: string, version: number): Promise<void> {
  await edit();
  await page.getByRole("button", { name: "Push…" }).click();
  await page.getByLabel("Reason").fill(reason);
  await page.getByRole("button", { name: `Push version ${version}` }).click();
  await page.getByText(`Version ${version} is pushed`).waitFor();
}

async function waitUntil(holds: () => boolean, what: string): Promise<void> {
  for (const end = Date.now() + 15_000; !holds(); await new Promise((resolve) => setTimeout(resolve, 20))) if (Date.now() > end) throw new Error(`no ${what} within 15 s`);
}

test("a first network, a first policy", async () => {
  await signIn(page, password);
  await page.getByText("There are no networks yet").waitFor();
  await page.getByRole("button", { name: "Add network" }).first().click();
  await page.getByLabel("Name").fill("home");
  await page.getByLabel("Title").fill("Family Meier");
  await page.getByRole("dialog").getByRole("button", { name: "Add network" }).click();
  await page.getByText("No gateway has enrolled yet").waitFor();
  await page.getByRole("link", { name: "Policy" }).click();
  await page.getByText("Valid: 0 rules, 0 groups").waitFor();
  await pushWith(async () => {
    for (const example of ["family: [", "{ from: family"]) { // the "#" before an example is all that is in its way
      await page.locator(".cm-line", { hasText: example }).click();
      await page.keyboard.press("Home");
      for (let i = 0; i < 2; i++) await page.keyboard.press("Delete");
    }
    await page.getByText("Valid: 1 rule, 1 group").waitFor();
    await page.locator(".cm-line", { hasText: "groups:" }).click();
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.insertText(`network: home\ngroups:\n  family: [ { mac: "${LAPTOP}" } ]\nrules:\n  - { from: family, to: internet, allow: all }\n`);
    await page.getByText("Valid: 1 rule, 1 group").waitFor();
  }, "the first one", 1);
});

test("a gateway enrols with the command shown, and gets the policy", async () => {
  await page.getByRole("link", { name: "Gateways" }).click();
  await page.getByRole("button", { name: "Add gateway" }).first().click();
  await page.getByLabel("Identifier").fill("attic");
  await page.getByRole("button", { name: "Make token" }).click();
  const command = await page.locator(".copyable code").innerText();
  gateway = await enrolFakeGateway(command.replace("securebox enroll ", ""), post);
  await page.getByText("attic has enrolled").waitFor();
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByRole("row", { name: /attic/ }).getByText("never reported").waitFor();
  await waitUntil(() => gateway.desired.length > 0, "desired document");
  assert.is(gateway.desired[0]!.body.version, 1);
});

test("presence, what it refused, devices and events appear by themselves", async () => {
  await gateway.presence("online");
  const { sequence, digest } = gateway.desired[0]!;
  await gateway.reported({ refused: { kind: "desired", code: "signature", message: "the signature is not of this key", sequence, digest, at: Date.now() } });
  const row = page.getByRole("row", { name: /attic/ });
  await row.getByText("online").waitFor();
  await row.getByText("the signature is not of this key").waitFor();
  await gateway.reported({ desired: { sequence, digest, version: 1 } });
  await row.getByText("as desired").waitFor();
  assert.not.match(await row.innerText(), /never/, "who reports was seen");
  await page.getByRole("link", { name: "Devices" }).click();
  await page.getByText("No device was seen yet").waitFor();
  await gateway.devices([{ mac: LAPTOP, name: "laptop", port: "wlan0", addresses: ["192.0.2.11"], groups: ["family"], quarantined: false, blocked: true, reason: "two ports claim it", associated: true }]);
  await page.getByRole("row", { name: /laptop/ }).getByText("two ports claim it").waitFor();
  await page.getByRole("link", { name: "Events" }).last().click();
  await page.getByRole("heading", { name: "Events", level: 2 }).waitFor();
  await gateway.event("device-blocked", { mac: LAPTOP });
  await page.getByRole("row", { name: /device-blocked/ }).waitFor();
});

test("dry run by the real devices, push, what changed, going back: the gateway has each", async () => {
  await page.getByRole("link", { name: "Policy" }).click();
  await page.locator(".cm-line", { hasText: "to: internet" }).click();
  await page.keyboard.press("End");
  await page.keyboard.press("ControlOrMeta+Backspace");
  for (let i = 0; i < 40 && !/allow: \[/.test(await page.locator(".cm-activeLine.cm-line").innerText()); i++) {
    await page.keyboard.press("Shift+Home");
    await page.keyboard.insertText("  - { from: family, to: internet, allow: [tcp/443] }");
  }
  await page.getByText("Valid: 1 rule").waitFor();
  await page.getByRole("button", { name: "Dry run" }).click();
  await page.getByRole("table", { name: "Changed decisions" }).getByRole("row", { name: /laptop/ }).first().waitFor();
  await page.getByText("on 1 gateway").waitFor();
  await pushWith(async () => {}, "only the web", 2);
  await waitUntil(() => gateway.desired.at(-1)!.body.version === 2, "version 2");
  await page.getByText("In force on 0 of 1 gateway").waitFor();
  const { sequence, digest } = gateway.desired.at(-1)!;
  await gateway.reported({ desired: { sequence, digest, version: 2 } });
  await page.getByText("In force on 1 of 1 gateway").waitFor();
  await page.getByRole("link", { name: "History" }).click();
  await page.getByRole("button", { name: "Go back to version 1" }).click();
  await page.getByLabel("Reason").fill("games do not work");
  await page.getByRole("dialog").getByRole("button", { name: "Go back to version 1" }).click();
  await page.getByRole("row", { name: /games do not work/ }).getByText("back to 1").waitFor();
  await waitUntil(() => gateway.desired.at(-1)!.body.version === 3, "version 3");
  await page.locator(".difference .cm-content").waitFor();
});

test("a verdict, a token, a user; the audit log has it all", async () => {
  await page.getByRole("link", { name: "Verdicts" }).click();
  await page.getByRole("button", { name: "Add verdict" }).first().click();
  await page.getByLabel("Device").fill("nonsense");
  await page.getByLabel("Reason").fill("to try");
  await page.getByRole("dialog").getByRole("button", { name: "Add verdict" }).click();
  await page.getByRole("alert").getByText(/nonsense/).waitFor();
  await page.getByLabel("Device").fill(LAPTOP);
  await page.getByRole("dialog").getByRole("button", { name: "Add verdict" }).click();
  await page.getByRole("row", { name: /to try/ }).waitFor();
  await page.getByRole("button", { name: /Remove verdict/ }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await page.getByText("There are no verdicts").waitFor();
  await page.getByRole("link", { name: "API tokens" }).click();
  await page.getByRole("button", { name: "Make token" }).first().click();
  await page.getByLabel("Title").fill("reports");
  await page.getByRole("dialog").getByRole("button", { name: "Make token" }).click();
  assert.match(await page.locator(".copyable code").innerText(), /^sbt_/);
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByRole("row", { name: /reports/ }).waitFor();
  await page.getByRole("link", { name: "Users" }).click();
  await page.getByRole("button", { name: "Add user" }).click();
  await page.getByLabel("Name").fill("anna");
  await page.getByLabel("Password").fill("four common words here");
  await page.getByRole("dialog").getByRole("button", { name: "Add user" }).click();
  await page.getByRole("row", { name: /anna/ }).getByText("operator").waitFor();
  await page.getByRole("link", { name: "Audit log" }).click();
  for (const what of [/network/, /policy\.push/, /policy\.rollback/, /verdict\.add/, /token\.create/, /user\.add/]) await page.getByRole("row", { name: what }).first().waitFor();
});

test("settings go to the gateway; a name for it; a new signing key, and how many gateways trust it", async () => {
  await page.getByRole("link", { name: "Networks" }).first().click();
  await page.getByRole("link", { name: "home" }).click();
  await page.getByRole("link", { name: "Settings" }).click();
  await page.getByLabel("Title").fill("Meier, upstairs");
  await page.getByLabel("Events that gateways send").selectOption("warn");
  await page.getByLabel("A new device").selectOption("no");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("gateways take it as soon as they are online").waitFor();
  await page.getByText("Meier, upstairs").waitFor();
  await waitUntil(() => gateway.desired.at(-1)!.body.settings.events === "warn", "settings");
  assert.equal([gateway.desired.at(-1)!.body.settings, gateway.desired.at(-1)!.body.version], [{ events: "warn", askDevices: false }, 3]);
  await page.getByText("It has 1 gateway. Revoke it first").waitFor();
  await page.getByRole("link", { name: "Gateways" }).click();
  await page.getByRole("link", { name: "attic" }).click();
  await page.getByRole("button", { name: "Name…" }).click();
  await page.getByLabel("Title").fill("Under the roof");
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await page.getByText("Under the roof").waitFor();

  const before = gateway.desired.at(-1)!.key;
  await gateway.reported({ keys: [before] });
  await page.getByRole("link", { name: "Keys", exact: true }).click();
  const row = page.getByRole("row", { name: new RegExp(before) });
  assert.match(await row.innerText(), /signs now[^]*1 of 1 gateway/);
  await page.getByRole("button", { name: "Change signing key…" }).click();
  await page.getByLabel("Why").selectOption("stolen");
  await page.getByText("The present key is revoked").waitFor();
  await page.getByRole("dialog").getByRole("button", { name: "Change", exact: true }).click();
  await page.getByText("A new key signs from now on").waitFor();
  await row.waitFor({ state: "detached" });
  await page.getByRole("row", { name: /signs now/ }).getByText("0 of 1 gateway").waitFor();
});

test("a gateway that lost its certificate asks again; it is revoked and removed, and its network after it", async () => {
  await page.getByRole("link", { name: "Networks" }).first().click();
  await post("/api/v1/enrol/requests", { gateway: "attic", csr: (await makeRequest()).csr });
  await page.getByRole("row", { name: /home/ }).getByText("1 request to enrol again").click();
  const card = page.getByRole("article", { name: "Request of attic" });
  assert.match(await card.innerText(), /Its key is new/);
  await card.getByRole("button", { name: "Reject" }).click();
  await card.waitFor({ state: "detached" });
  await page.getByRole("link", { name: "attic" }).click();
  await page.getByRole("button", { name: "Revoke…" }).click();
  await page.getByLabel("Reason").fill("sold");
  await page.getByRole("button", { name: "Revoke", exact: true }).click();
  await page.locator(".facts").getByText("revoked").waitFor();
  await page.getByRole("button", { name: "Remove…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await page.getByText("No gateway has enrolled yet").waitFor();
  await page.getByRole("link", { name: "Settings" }).click();
  await page.getByRole("button", { name: "Remove network…" }).click();
  await page.getByLabel("Name of the network").fill("hom");
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  assert.is(await page.getByRole("dialog").count(), 1, "another name: nothing is sent");
  await page.getByLabel("Name of the network").fill("home");
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await page.getByText("There are no networks yet").waitFor();
  assert.equal(seen.complaints, []);
});

test.run();
