// SPDX-License-Identifier: Apache-2.0
// The Debian packages that this project uses on a development machine, and their installation. They stay installed.
import { execFile } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { openvswitchPackages } from "./openvswitch.ts";

/** Package -> what for. */
export const packages: Record<string, string> = {
  ...Object.fromEntries(openvswitchPackages.map((name) => [name, "the switch"])),
  "build-essential": "compiler and make, for the runtime and the lab's raw frames",
  busybox: "the shell of the scripts for OpenWrt",
  "xz-utils": "the source archive of QuickJS, as OpenWrt fetches it",
  "dpkg-dev": "unpacks the source package of QuickJS",
  "libmbedtls-dev": "TLS of the runtime",
  openssl: "certificates of the runtime's TLS tests",
  valgrind: "memory errors of the runtime",
  iproute2: "network namespaces and interfaces of the lab",
  nftables: "the radio model's source address filter",
  ethtool: "switches off checksum offload in the lab",
  "iputils-ping": "ping",
  iperf3: "throughput of the datapath bench",
  udhcpc: "the stations' DHCP client",
  libfaketime: "wrong clocks, in tests of gateway and backend",
  mosquitto: "the external MQTT broker of the backend's tests, demo and benches",
  postgresql: "the external database of the backend's tests and benches",
  chromium: "the browser of the console's tests",
  "avahi-daemon": "mDNS of the stations",
  "avahi-utils": "programs that publish and browse by mDNS",
  gmediarender: "a media renderer, found by SSDP",
  "gstreamer1.0-plugins-base": "without it the renderer does not start",
  "gupnp-tools": "a control point that listens to SSDP (gssdp-discover)",
  "miniupnpd-nftables": "a UPnP device that speaks SSDP over IPv6, too",
  miniupnpc: "its client, a one-shot SSDP search",
  "dnsmasq-base": "the router's DHCP, DNS and router advertisements",
};

const execute = promisify(execFile);
const policy = "/usr/sbin/policy-rc.d";
const mark = "# left by securebox's setup while it installs packages: no service is started";

/** Those of `names` that are not installed. */
export async function missingPackages(names: readonly string[] = Object.keys(packages)): Promise<string[]> {
  const query = ["-W", "-f", "${Package} ${db:Status-Status}\n", ...names];
  // An unknown package makes dpkg-query fail, with the known ones printed all the same.
  const { stdout } = await execute("dpkg-query", query).catch((error: { stdout?: string; message: string }) => {
    if (error.stdout === undefined) throw new Error(`dpkg-query: ${error.message}; this project is set up on Debian 12`);
    return { stdout: error.stdout };
  });
  const installed = new Set(stdout.split("\n").filter((line) => line.endsWith(" installed")).map((line) => line.split(" ")[0]));
  return names.filter((name) => !installed.has(name));
}

/** Installs packages and starts none of their services. Rejects with what apt said. */
export async function installPackages(names: readonly string[]): Promise<void> {
  const withoutServices = [...silenceServices()];
  try {
    await apt("install", "-y", "--no-install-recommends", ...names).catch(async () => {
      await apt("update"); // the machine's lists may be older than the archive
      await apt("install", "-y", "--no-install-recommends", ...names);
    });
  } finally {
    for (const file of withoutServices) rmSync(file, { force: true });
  }
}

/** Debian asks policy-rc.d (exit status 101: forbidden) before a package starts its service. A policy that the machine has stays. */
function* silenceServices(): Iterable<string> {
  if (existsSync(policy) && !readFileSync(policy, "utf8").includes(mark)) return;
  writeFileSync(policy, `#!/bin/sh\n${mark}\nexit 101\n`, { mode: 0o755 });
  yield policy;
}

async function apt(...args: string[]): Promise<void> {
  try {
    await execute("apt-get", ["-q", "-o", "DPkg::Lock::Timeout=120", ...args], { env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" }, maxBuffer: 1 << 24, timeout: 240_000 });
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string };
    throw new Error(`apt-get ${args[0]}: ${stderr?.trim() || message}`);
  }
}
