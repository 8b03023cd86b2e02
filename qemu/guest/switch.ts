// SPDX-License-Identifier: Apache-2.0
// Open vSwitch with the kernel's datapath.
import { must, run, script, sleep, until } from "./command.ts";
import { uptime } from "./report.ts";

/** 3.1.0 started earlier counts no processors and loses the first packet of every flow (upstream 0d23948a5, mended in b354cee2e). Seconds. */
const SAFE_UPTIME = 11;

/** Starts both daemons and makes br0, with fail mode secure and no flows. Give access points and stations something to do meanwhile. */
export async function startSwitch(): Promise<void> {
  await script(`
    modprobe openvswitch
    mkdir -p /etc/openvswitch /run/openvswitch /var/log/openvswitch
    ovsdb-tool create /etc/openvswitch/conf.db /usr/share/openvswitch/vswitch.ovsschema
    ovsdb-server /etc/openvswitch/conf.db --remote=punix:/run/openvswitch/db.sock --pidfile --detach --log-file=/var/log/openvswitch/db.log
    ovs-vsctl --no-wait init`);
  while (uptime() < SAFE_UPTIME) await sleep(200);
  await must(["ovs-vswitchd", "--pidfile", "--detach", "--log-file=/share/kept/ovs-vswitchd.log", "-vconsole:off"]);
  await until("ovs-vswitchd", 20_000, async () => (await run(["ovs-appctl", "version"])).code === 0);
  await must(["ovs-vsctl", "add-br", "br0", "--", "set", "bridge", "br0", "fail-mode=secure", "protocols=OpenFlow13,OpenFlow14,OpenFlow15"]);
}

/** Adds interfaces to the bridge that are there already. */
export async function addPorts(...names: string[]): Promise<void> {
  await must(["ovs-vsctl", ...names.flatMap((name) => ["--", "--may-exist", "add-port", "br0", name])]);
}

/** The plain switch of an ordinary access point: learns addresses, forwards, never back to where a frame came from. */
export const learning = (): Promise<string> => must(["ovs-ofctl", "-OOpenFlow13", "add-flow", "br0", "priority=0,actions=NORMAL"]);
export const noFlows = (): Promise<string> => must(["ovs-ofctl", "-OOpenFlow13", "del-flows", "br0"]);

/** Leaves what the switch has in the kept folder, for failures. */
export async function dump(name: string): Promise<void> {
  const at = `/share/kept/${name}`;
  await script(`
    ovs-ofctl -OOpenFlow14 dump-flows br0 > ${at}.flows || true
    ovs-appctl dpctl/dump-flows -m > ${at}.datapath || true
    ovs-appctl dpctl/dump-conntrack > ${at}.connections || true
    ovs-appctl coverage/show > ${at}.coverage || true
    ovs-ofctl -OOpenFlow14 dump-ports br0 > ${at}.ports || true`);
}
