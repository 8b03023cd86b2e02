// SPDX-License-Identifier: Apache-2.0
/*
 * openwrt/Makefile by stand-ins for OpenWrt's make files (sdk-stand-in), and what its packages hold, run where they are installed: the executable, test.sh, the
 * init scripts by a stand-in for rc.common (rootfs-stand-in; by the real one: procd.test.ts), first-boot settings (by the `uci` of OPENWRT_PREFIX, where given), hotplug. Scripts run in BusyBox' ash.
 */
import { cpSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createHash } from "node:crypto";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { bundle } from "../../tools/bundle.mjs";
import { must } from "../lab/command.ts";
import { Packages } from "./packages.ts";
import { prefix } from "./prefix.ts";

const test = suite("the OpenWrt package");
const version = (JSON.parse(readFileSync("package.json", "utf8")) as { version: string }).version;
const CONFIG = "config securebox 'main'\n\toption enabled '1'\n\nconfig port\n\toption device 'wlan0'\n\toption role 'bss'\n\nconfig port\n\toption device 'wlan1'\n\toption role 'bss'\n\nconfig network 'network'\n\tlist prefix '10.0.0.0/24'\n";
/** In a script: what is written to a file. */
const put = (path: string, text: string): string => `mkdir -p ${path.replace(/\/[^/]*$/, "")}; cat >${path} <<'END'\n${text}END\n`;
let packages: Packages;

test.before(async () => { packages = await Packages.build(); });
test.after(() => packages.close());

const ipk = (name: string, arch: string): string => packages.at(`ipk/${name}/${name}_${version}-r1_${arch}.ipk`);
const read = (path: string): string => readFileSync(packages.at(path), "utf8");

async function says(script: string, name?: string): Promise<string> {
  const { code, stdout, stderr } = await packages.inside(script, name, version);
  assert.is(code, 0, `${stdout}\n${stderr}`);
  return stdout;
}

test("the Makefile describes two packages, of this version", async () => {
  assert.equal((await packages.make("dump")).trim().split("\n"), [
    "securebox: net; Network; Pairwise rules between the devices of one Wi-Fi; libmbedtls libatomic openvswitch kmod-openvswitch",
    "luci-app-securebox: luci; LuCI; LuCI pages of Securebox; securebox luci-base",
  ]);
});

test("each is an .ipk: members, control fields, scripts, conffiles that are in it", async () => {
  for (const [name, arch] of [["securebox", "host"], ["luci-app-securebox", "all"]] as const) {
    assert.equal((await must(["tar", "-tzf", ipk(name, arch)])).trim().split("\n"), ["./debian-binary", "./data.tar.gz", "./control.tar.gz"]);
    await packages.unpack(ipk(name, arch));
    const control = read(`ipk/${name}/unpacked/control/control`);
    for (const line of [`Package: ${name}`, `Version: ${version}-r1`, `Architecture: ${arch}`]) assert.ok(control.includes(`${line}\n`), control);
  }
  assert.equal(read("ipk/securebox/unpacked/control/conffiles").trim().split("\n"), ["/etc/config/securebox", "/etc/securebox/policy.yaml"]);
  const mode = (path: string): string => (statSync(packages.at(`ipk/securebox/unpacked/data/${path}`)).mode & 0o777).toString(8);
  assert.equal(["usr/sbin/securebox", "etc/init.d/securebox", "etc/init.d/securebox-recover", "etc/uci-defaults/80-securebox", "etc/config/securebox", "etc/securebox", "lib/upgrade/keep.d/securebox"].map(mode), ["755", "755", "755", "755", "600", "700", "644"]);
});

test("each is the tree of an .apk: list, conffiles with their sums, fields", () => {
  const root = "apk/securebox/root";
  const list = read(`${root}/lib/apk/packages/securebox.list`).trim().split("\n");
  assert.ok(list.includes("/usr/sbin/securebox") && list.includes("/etc/hotplug.d/net/50-securebox"), list.join("\n"));
  for (const path of list) assert.ok(statSync(packages.at(root + path)).isFile(), path);
  const sums = read(`${root}/lib/apk/packages/securebox.conffiles_static`).trim().split("\n").map((line) => line.split(" "));
  assert.equal(sums.map(([path]) => path), ["/etc/config/securebox", "/etc/securebox/policy.yaml"]);
  for (const [path, sum] of sums) assert.is(createHash("sha256").update(read(root + path)).digest("hex"), sum);
  assert.match(read("apk/luci-app-securebox/info"), /^arch:noarch$/m);
});

test("the pages for LuCI are all in their package", () => {
  const views = (path: string): string[] => readdirSync(path, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".js")).sort();
  assert.equal(views(packages.at("ipk/luci-app-securebox/unpacked/data/www")), views("openwrt/luci-app-securebox/htdocs"));
});

test("installed, both pass test.sh, and neither under another's version or name", async () => {
  const script = `${put("/tmp/test.sh", readFileSync("openwrt/test.sh", "utf8"))}busybox ash /tmp/test.sh`;
  assert.match(await says(script), new RegExp(`securebox ${version}`));
  await says(script, "luci-app-securebox");
  assert.is((await packages.inside(script, "securebox", "9.9.9")).code, 1);
  assert.is((await packages.inside(script, "another", version)).code, 1);
});

test("the packaged gateway runs, answers by its socket, writes for logread, and ends by a signal", async () => {
  const out = await says(`${put("/etc/config/securebox", CONFIG)}
    securebox gateway --config /etc/config/securebox >/tmp/out 2>/tmp/err & pid=$!
    for i in $(seq 100); do [ -S /var/run/securebox.sock ] && break; sleep 0.1; done
    securebox status --json; for i in $(seq 150); do grep -q "switch cannot" /tmp/err && break; sleep 0.1; done; kill $pid; wait $pid; echo "ended $?"; echo OUT; cat /tmp/out; echo ERR; cat /tmp/err`);
  assert.match(out, /"bridge": ?"br0"/);
  assert.match(out, /ended 0\nOUT\ngateway starts version=[^]*gateway ends reason=SIGTERM\nERR\n/);
  assert.match(out, /ERR\n[^]*warn: switch cannot be reached/);
});

test.before(async () => {
  await packages.lay("test/openwrt/rootfs-stand-in");
});
const act = (action: string, config: string, before = ""): Promise<string> =>
  says(`${put("/etc/config/securebox", config)}${before}\n: >/tmp/log; : >/tmp/procd; busybox ash /etc/rc.common /etc/init.d/securebox ${action}; echo "status $?"; cat /tmp/procd; echo LOG; cat /tmp/log`);

test("start: one instance with its command, files, interfaces, limits and signal, and what reloads it", async () => {
  const out = await act("start", CONFIG);
  assert.match(out, /^status 0\ninstance gateway\ncommand \/usr\/sbin\/securebox gateway --config \/etc\/config\/securebox\n/);
  for (const line of ["respawn 3600 5 0", "reload_signal HUP", "netdev wlan0 wlan1", "file /etc/config/securebox /etc/config/network /etc/config/wireless", 'limits core=0 nofile=4096 4096', "stdout 1", "stderr 1", "reload on securebox network wireless", "raw trigger interface.* 2000 /etc/init.d/securebox reload"]) {
    assert.ok(out.split("\n").includes(line), `${line} in\n${out}`);
  }
  assert.match(out, /LOG\n$/);
});

test("switched off: no instance, said in the log; the triggers stay, so that switching on starts it", async () => {
  for (const off of [CONFIG.replace("'1'", "'0'"), readFileSync("openwrt/files/securebox.config", "utf8")]) {
    const out = await act("start", off);
    assert.not.match(out, /instance/);
    assert.match(out, /reload on securebox[^]*LOG\ndaemon.notice switched off/);
  }
});

test("a wrong configuration: no start, section and option in the log; one that runs goes on with what it has", async () => {
  const wrong = CONFIG.replace("'bss'", "'router'");
  const refused = await act("start", wrong);
  assert.match(refused, /^status 1\n/);
  assert.not.match(refused, /instance/);
  assert.match(refused, /LOG\ndaemon.err .*securebox\.@port\[0\]\.role: expected one of .*\ndaemon.err not started\n$/);
  assert.match(await act("reload", wrong, "echo true >/tmp/running"), /^status 0\ninstance gateway\n/);
  assert.match(await act("start", CONFIG, "export REFUSE=port"), /^status 1\n[^]*securebox\.cfg0: not as procd's validation of port/);
  assert.match(await act("check", wrong), /^status 1\nLOG\ndaemon.err .*role: expected/);
});

test("confined, where there is ujail; else it says so", async () => {
  const confined = CONFIG.replace("option enabled '1'", "option enabled '1'\n\toption confine '1'");
  assert.match(await act("start", confined), /stderr 1\nend[^]*LOG\ndaemon.warn securebox.main.confine: there is no \/sbin\/ujail/);
  const out = await act("start", confined, "mkdir -p /sbin; echo '#!/bin/sh' >/usr/sbin/ujail; chmod +x /usr/sbin/ujail");
  assert.match(out, /jail securebox\ncapabilities \/etc\/capabilities\/securebox.json\nno_new_privs 1\nend/);
  assert.equal(Object.values(JSON.parse(read("ipk/securebox/unpacked/data/etc/capabilities/securebox.json")) as object), [[], [], [], [], []]);
});

test("recover runs at boot alone, says what it undid, and never stops a boot", async () => {
  const recover = (action: string): string => `busybox ash /etc/rc.common /etc/init.d/securebox-recover ${action}; echo "status $?"`;
  assert.is(await says(recover("boot")), "status 0\n");
  const damaged = `mkdir -p /etc/securebox/state/apply; echo '{' >/etc/securebox/state/apply/journal.json; : >/tmp/log\n`;
  assert.match(await says(`${damaged}${recover("boot")}; cat /tmp/log`), /^status 0\ndaemon.warn recover: left to the gateway's start/);
  assert.is(await says(`${damaged}${recover("start")}; cat /tmp/log`), "status 0\n", "not when it is installed or upgraded: a gateway may run");
});

test("hotplug: a port's interface that comes reloads, another does not", async () => {
  const plug = (name: string, action = "add"): Promise<string> => says(`${put("/etc/config/securebox", CONFIG)}${put("/etc/init.d/securebox", '#!/bin/sh\necho "$1"\n')}
    ACTION=${action} INTERFACE=${name} busybox ash /etc/hotplug.d/net/50-securebox; echo "status $?"`);
  assert.is(await plug("wlan1"), "enabled\nreload\nstatus 0\n");
  assert.is(await plug("eth9"), "status 0\n");
  assert.is(await plug("wlan1", "remove"), "status 0\n");
});

/** The command: of OPENWRT_PREFIX, or the stand-in. */
async function installUci(): Promise<string> {
  if (prefix) {
    cpSync(prefix, packages.at("files/usr/lib/openwrt"), { recursive: true });
    return "LD_LIBRARY_PATH=/usr/lib/openwrt/lib exec /usr/lib/openwrt/bin/uci";
  }
  cpSync("build/quickjs-ts", packages.at("files/usr/lib/quickjs-ts"));
  await bundle("test/openwrt/stand-in-uci.ts", packages.at("files/usr/lib/stand-in-uci.mjs"), "quickjs", { sourcemap: false });
  return "exec /usr/lib/quickjs-ts /usr/lib/stand-in-uci.mjs";
}

test("first boot: a file nobody touched gets this device's network, ports and way out, and stays switched off; a second run changes nothing", async () => {
  const uci = await installUci();
  const wireless = "config wifi-iface 'a'\n\toption device 'radio0'\n\toption mode 'ap'\n\toption network 'lan'\n\nconfig wifi-iface 'b'\n\toption device 'radio1'\n\toption mode 'ap'\n\toption network 'lan'\n\toption ifname 'wlan7'\n\nconfig wifi-iface 'c'\n\toption device 'radio0'\n\toption mode 'sta'\n\toption network 'wwan'\n";
  const first = (network: string, touched = ""): Promise<string> => says(`${put("/usr/sbin/uci", `#!/bin/sh\n${uci} "$@"\n`)}chmod +x /usr/sbin/uci
    ${put("/etc/config/wireless", wireless)}${put("/etc/config/network", network)}${touched}
    busybox ash /etc/uci-defaults/80-securebox; echo "status $?"; cp /etc/config/securebox /tmp/once
    busybox ash /etc/uci-defaults/80-securebox; cmp /tmp/once /etc/config/securebox && echo same; securebox config check --config /etc/config/securebox; cat /etc/config/securebox; cat /tmp/log 2>/dev/null; true`);
  const router = await first("config device\n\toption name 'br-lan'\n\tlist ports 'lan1'\n\nconfig interface 'lan'\n\toption ipaddr '10.3.130.1'\n\toption netmask '255.255.192.0'\n");
  assert.match(router, /^status 0\nsame\nvalid\n/);
  for (const line of ["option enabled '0'", "list prefix '10.3.128.0/18'", "list gateway '10.3.130.1'", "option device 'phy0-ap0'", "option device 'wlan7'", "option device 'br0'", "option role 'local'"]) assert.ok(router.includes(line), `${line} in\n${router}`);
  assert.not.match(router, /wlan0|192\.168/);
  const behind = await first("config device\n\toption name 'br-lan'\n\tlist ports 'lan1'\n\tlist ports 'lan2'\n\nconfig interface 'lan'\n\tlist ipaddr '192.0.2.17/28'\n\toption gateway '192.0.2.30'\n");
  for (const line of ["list prefix '192.0.2.16/28'", "list gateway '192.0.2.30'", "option device 'lan1'", "option role 'uplink'"]) assert.ok(behind.includes(line), `${line} in\n${behind}`);
  assert.match(await first("", put("/etc/config/securebox", CONFIG)), /option enabled '1'[^]*list prefix '10\.0\.0\.0\/24'/);
});

test("what a sysupgrade keeps: configuration, policy, state and keys", () => {
  assert.equal(read("ipk/securebox/unpacked/data/lib/upgrade/keep.d/securebox").trim().split("\n"), ["/etc/config/securebox", "/etc/securebox/"]);
});

test.run();
