// SPDX-License-Identifier: Apache-2.0
// The pages of luci-app-securebox in Chromium: a bus, rpcd and uhttpd as stand-ins, LuCI's client as a stand-in or, where OPENWRT_PREFIX has it, the real one.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { prefix, startBus, type TestBus } from "../../packages/ubus-ts/test/bus.ts";
import { openBrowser, visit, type Visit } from "../../backend/test/console/browser.ts";
import { until } from "../lab/command.ts";
import { scripts } from "../../tools/luci/template.ts";
import { APP } from "./dispatcher.ts";
import { Daemons } from "./real.ts";
import { startLuciObjects, startRpcd } from "./rpcd-stand-in.ts";
import { UhttpdStandIn } from "./uhttpd-stand-in.ts";

/** Does OPENWRT_PREFIX have it? `www` is there as on an access point. */
const real = (path: string): boolean => prefix !== undefined && existsSync(`${prefix}/${path}`);
const realClient = real("www/luci-static/resources/luci.js");
const realRpcd = real("sbin/rpcd");
const realUhttpd = real("sbin/uhttpd") && real("lib/uhttpd_ubus.so");
/** What of OpenWrt is real here, for the name of the suite. */
export const REAL = [realClient ? "LuCI's client" : "", real("bin/jsmin") ? "jsmin" : "", realRpcd ? "rpcd" : "", realUhttpd ? "uhttpd's JSON-RPC" : ""].filter(Boolean).join(", ") || "nothing";

/** Who may log in; the password is the name. */
export const LOGINS = [
  { username: "root", password: "root", read: ["*"], write: ["*"] },
  { username: "guest", password: "guest", read: ["luci-access", "luci-app-securebox"], write: [] },
  { username: "other", password: "other", read: ["luci-access"], write: [] },
];

export class LuciBench {
  private constructor(readonly bus: TestBus, readonly daemons: Daemons, readonly uhttpd: UhttpdStandIn, readonly browser: Browser, readonly directory: string) {}

  static async start(): Promise<LuciBench> {
    const directory = mkdtempSync(join(tmpdir(), "sb-luci-"));
    const config = join(directory, "config");
    cpSync("openwrt/files/securebox.config", join(config, "securebox"));
    writeFileSync(join(config, "luci"), "config core 'main'\n\toption lang 'auto'\n");
    const [bus, browser] = await Promise.all([startBus(), openBrowser()]);
    const daemons = new Daemons(prefix ?? "");
    const [client, options] = [bus.client(), { acl: `${APP}/root/usr/share/rpcd/acl.d`, config, logins: LOGINS }];
    await startLuciObjects(client);
    if (realRpcd) daemons.rpcd(bus.path, directory, options);
    else await startRpcd(client, options);
    await until("rpcd", 10_000, async () => (await client.list("uci")).length > 0);
    const jsonRpc = realUhttpd ? { jsonRpc: await daemons.uhttpd(bus.path, directory) } : {};
    const roots = [await htdocs(directory), realClient ? `${prefix}/www` : "test/luci/client-stand-in"];
    return new LuciBench(bus, daemons, await UhttpdStandIn.start({ bus: bus.client(), roots, ...jsonRpc }), browser, directory);
  }

  get configFile(): string { return join(this.directory, "config/securebox"); }

  /** A page of Securebox, once it shows its heading. */
  async open(page: string, heading: string, user = "root", options: Parameters<typeof visit>[2] = {}): Promise<Visit> {
    const seen = await visit(this.browser, this.uhttpd.url, options);
    await seen.page.clock.install();
    await seen.page.goto(this.uhttpd.login(user, user, `admin/services/securebox/${page}`));
    await seen.page.getByRole("heading", { name: heading, exact: true, level: 2 }).waitFor();
    return seen;
  }

  async stop(): Promise<void> {
    await this.browser.close();
    await this.uhttpd.stop();
    await this.daemons.stop();
    await this.bus.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** The app's files; minified as LuCI's packages are where PREFIX/bin/jsmin is there. */
async function htdocs(directory: string): Promise<string> {
  const own = `${APP}/htdocs`;
  if (!real("bin/jsmin")) return own;
  cpSync(own, join(directory, "htdocs"), { recursive: true });
  for (const path of scripts()) {
    const { status, stdout, stderr } = spawnSync(`${prefix}/bin/jsmin`, { input: readFileSync(path) });
    if (status !== 0) throw new Error(`${path}: ${stderr.toString()}`);
    writeFileSync(join(directory, path.slice(APP.length + 1)), stdout);
  }
  return join(directory, "htdocs");
}

/** As if somebody had looked on for longer than any page waits before it asks again. */
export const later = (page: Page): Promise<void> => page.clock.runFor(20_000);

/** Did anything from outside run or become an element? */
export async function isClean(page: Page): Promise<boolean> {
  return page.evaluate("window.pwned === undefined && !document.querySelector('#view img, #view script + *[onmouseover], #view b, option img, .alert-message img')") as Promise<boolean>;
}
