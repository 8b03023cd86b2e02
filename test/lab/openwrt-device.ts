// SPDX-License-Identifier: Apache-2.0
/*
 * A device as OpenWrt has it, for the gateway's changes: /etc/config below a root of its own, a bridge with real Open vSwitch, a router with DHCP, two stations on veths.
 * STAND-INS: `hostapd` is a file with the words that the gateway looks for; `reload_config` is netifd's wifi reload, which takes wlan0 away and makes it again
 * (not with interfaces per station, as if the driver could not). What real radios and netifd do beside is not shown.
 */
import { type ChildProcess } from "node:child_process";
import { chmodSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ChangesResult, StatusResult } from "../../src/gateway/control/protocol.ts";
import { run, until } from "./command.ts";
import { gatewayProgram } from "./gateway.ts";
import { Lab, type Namespace } from "./namespace.ts";
import { type OvsInstance, startOpenvswitch } from "./openvswitch.ts";

export const addresses = { router: "10.78.0.1", device: "10.78.0.2", phone: "10.78.0.11", printer: "10.78.0.12" };
const macs = { phone: "02:00:00:00:01:11", printer: "02:00:00:00:01:12" };
const LINKS = { wlan0: ["phone", macs.phone], lan1: ["printer", macs.printer], uplink: ["router", "02:00:00:00:01:01"] } as const;

const POLICY = `network: device\nmode: intelligent-edge\nrules:\n  - { from: "${macs.phone}", to: gateway, allow: [icmp, tcp/2222] }\nquarantine: []\n`;

export class OpenwrtDevice {
  readonly root: string;
  log = "";
  #process: ChildProcess | undefined;
  #logFile = "";
  #radios = 0;

  private constructor(readonly lab: Lab, readonly ap: Namespace, readonly ovs: OvsInstance, readonly hosts: Readonly<Record<"phone" | "printer" | "router", Namespace>>, readonly program: readonly string[]) {
    this.root = join(lab.directory, "root");
  }

  static async create(): Promise<OpenwrtDevice> {
    const lab = await Lab.open();
    try {
      const [ap, phone, printer, router] = [await lab.namespace("ap"), await lab.namespace("phone"), await lab.namespace("printer"), await lab.namespace("router")];
      const ovs = await startOpenvswitch({ version: "3.1", directory: join(lab.directory, "ovs"), netns: ap.path });
      const device = new OpenwrtDevice(lab, ap, ovs, { phone, printer, router }, await gatewayProgram("quickjs"));
      // With the userspace datapath the kernel sees what comes in at the ports, too: it must not answer for br0 there.
      await ap.script("sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv6.conf.default.disable_ipv6=1");
      for (const name of Object.keys(LINKS) as (keyof typeof LINKS)[]) await ap.script(device.#link(name));
      await ovs.addBridge("br0");
      await ap.script(`ip address add ${addresses.device}/24 dev br0; ip link set br0 up; ethtool -K br0 tx off`);
      device.#install();
      lab.spawn(router.inside(["dnsmasq", "--keep-in-foreground", "--port=0", "--no-ping", "--log-facility=-", `--dhcp-range=10.78.0.100,10.78.0.199,1h`, "--interface=net0", "--bind-interfaces", "--user=root", `--pid-file=${lab.directory}/dnsmasq.pid`, `--dhcp-leasefile=${lab.directory}/leases`, "--conf-file=/dev/null"]), { stdio: ["ignore", "ignore", openSync(join(lab.directory, "dnsmasq.log"), "w")] });
      return device;
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  close(): Promise<void> { return this.lab.close(); }

  /** The shell commands that make a cable: one end here, "net0" at the other. */
  #link(name: keyof typeof LINKS): string {
    const [peer, mac] = LINKS[name];
    const there = peer === "router" ? this.hosts.router : this.hosts[peer];
    // The least address, by which the bridge's own would go.
    const own = name === "wlan0" ? `address 02:00:00:00:f0:0${this.#radios++}` : "";
    return `ip link add ${name} ${own} type veth peer name net0 address ${mac} netns ${there.path}
ethtool -K ${name} tx off; ip netns exec ${there.path} ethtool -K net0 tx off
ip -n ${there.path} address add ${addresses[peer]}/24 dev net0; ip -n ${there.path} link set net0 up; ip link set ${name} up\n`;
  }

  #install(): void {
    const files: Record<string, string> = {
      "etc/openwrt_release": "DISTRIB_ID='OpenWrt'\nDISTRIB_RELEASE='24.10.4'\n", "usr/sbin/hostapd": "#!/bin/false\n\0disable_dgaf\0vlan_tagged_interface\0",
      "etc/config/wireless": WIRELESS, "etc/policy.yaml": POLICY, "etc/config/securebox": this.configuration(),
      "sbin/reload_config": `#!/bin/sh\nset -e\necho reload >> ${this.root}/reloads\nip link show wlan0 >/dev/null 2>&1 && ip link del wlan0\ngrep -q per_sta_vif ${this.root}/etc/config/wireless && exit 0\nsleep 0.3\n${this.#link("wlan0")}`,
    };
    for (const [name, text] of Object.entries(files)) this.write(name, text);
    chmodSync(join(this.root, "sbin/reload_config"), 0o755);
  }

  /** /etc/config/securebox; `more`: sections. */
  configuration(more = "", ports: Record<string, string> = { br0: "local", wlan0: "bss", lan1: "wired", uplink: "uplink" }, main = ""): string {
    const port = ([name, role]: [string, string]): string => `config port\n\toption device '${name}'\n\toption role '${role}'\n`;
    return `config securebox 'main'\n\toption datapath 'netdev'\n\toption ovsdb '${this.ovs.ovsdbSocket}'\n\toption policy '${this.root}/etc/policy.yaml'\n\toption state '${this.root}/state'\n\toption socket '${this.root}/control.sock'\n${main}
${Object.entries(ports).map(port).join("")}config network 'network'\n\tlist prefix '10.78.0.0/24'\n\tlist gateway '${addresses.device}'\n\tlist gateway '${addresses.router}'\nconfig apply 'apply'\n\toption deadline '10'\n${more}`;
  }

  write(name: string, text: string): void {
    const path = join(this.root, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
  }
  read(name: string): string { return readFileSync(join(this.root, name), "utf8"); }

  /** As `uci commit securebox` and procd's reload trigger. */
  configure(text: string): void {
    this.write("etc/config/securebox", text);
    this.#process!.kill("SIGHUP");
  }

  async start(): Promise<void> {
    this.#logFile = join(this.lab.directory, "gateway.log");
    const log = openSync(this.#logFile, "a");
    this.#process = this.lab.spawn(this.ap.inside([...this.program, "gateway", "--config", join(this.root, "etc/config/securebox")]), { stdio: ["ignore", log, log] });
    await until("flows in force", 30_000, async () => (await this.status().catch(() => undefined))?.switch.state === "ready").catch((error: Error) => { throw new Error(`${error.message}\n${this.said}`); });
  }
  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process!;
    child.kill(signal);
    await until("the gateway's end", 10_000, () => child.exitCode !== null || child.signalCode !== null);
  }
  get said(): string { return readFileSync(this.#logFile, "utf8"); }

  /** The line of the log that matches, after `since` characters of it. */
  async says(what: RegExp, deadline: number, since = 0): Promise<string> {
    return until(`${what}`, deadline, () => what.exec(this.said.slice(since))?.[0]).catch((error: Error) => { throw new Error(`${error.message}\n${this.said.slice(since)}`); });
  }

  status(): Promise<StatusResult> { return this.#ask<StatusResult>("status"); }
  changes(): Promise<ChangesResult> { return this.#ask<ChangesResult>("changes"); }
  async #ask<T>(command: string): Promise<T> {
    const { stdout, stderr } = await run([...this.program, command, "--json", "--socket", join(this.root, "control.sock")]);
    const answer = (stdout === "" ? { error: { message: stderr } } : JSON.parse(stdout)) as T & { error?: { message: string } };
    if (answer.error) throw new Error(answer.error.message);
    return answer;
  }

  async pings(from: "phone" | "printer", to: string): Promise<boolean> {
    return (await run(this.hosts[from].inside(["ping", "-c", "1", "-W", "1", to]))).code === 0;
  }

  /** Until the phone reaches this device. */
  async phoneIsBack(): Promise<void> {
    await until("the phone is back", 20_000, () => this.pings("phone", addresses.device)).catch(async (error: Error) => {
      const flows = (await this.ovs.ofctl("dump-flows", "br0")).split("\n").filter((line) => /n_packets=[1-9]/.test(line)).join("\n");
      throw new Error([error.message, this.said, await this.ovs.vsctl("--columns=name,ofport,ifindex,error,link_state", "list", "interface"), (await run(this.ap.inside(["ip", "link"]))).stdout, flows].join("\n"));
    });
  }

  /** A session of the phone with this device, held open, as by ssh. */
  async manage(): Promise<void> {
    const script = (text: string): string[] => [process.execPath, "-e", text];
    this.lab.spawn(this.ap.inside(script(`require("net").createServer((socket) => socket.on("error", () => {})).listen(2222)`)), { stdio: "ignore" });
    const client = `const open = () => { const socket = require("net").connect(2222, "${addresses.device}"); socket.on("connect", () => console.log("open")).on("error", () => {}).on("close", () => setTimeout(open, 200)); }; open();`;
    const child = this.lab.spawn(this.hosts.phone.inside(script(client)), { stdio: ["ignore", "pipe", "ignore"] });
    let open = false;
    child.stdout!.on("data", () => { open = true; });
    await until("the phone's session", 20_000, () => open);
  }

  address = async (): Promise<string> => (await this.ovs.vsctl("get", "interface", "br0", "mac_in_use")).trim();
  listPorts = async (): Promise<string[]> => (await this.ovs.vsctl("list-ports", "br0")).trim().split("\n").sort();
  ofport = async (name: string): Promise<string> => (await this.ovs.vsctl("get", "interface", name, "ofport")).trim();
}

export const WIRELESS = "\nconfig wifi-device 'radio0'\n\toption type 'mac80211'\n\nconfig wifi-iface 'default_radio0'\n\toption device 'radio0'\n\toption mode 'ap'\n\toption network 'lan'\n\toption ssid 'home'\n\n";
