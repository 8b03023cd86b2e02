// SPDX-License-Identifier: Apache-2.0
// A device with a radio of its own, in a namespace of its own, with a fixed address.
import { platform } from "quickjs-ts/platform";
import { frequency } from "./access-points.ts";
import { inside, must, run, script, until } from "./command.ts";

export interface StationPlan {
  name: string;
  /** Index of its simulated radio. */
  radio: number;
  mac: string;
  ip: string;
  ssid: string;
  /** "wpa3": SAE. */
  security: "wpa2" | "wpa3";
  secret: string;
}

const PREFIX = 24;
/** Linux forgets its neighbours when a radio changes its BSS, and asks again after a second when the first request is lost, which it is as the link is not up yet. That second would hide what access points do. Milliseconds. */
const RETRY = 50;

export class Station {
  readonly name: string;
  readonly interface: string;

  private constructor(readonly plan: StationPlan, readonly channels: readonly number[]) {
    this.name = plan.name;
    this.interface = `wlan${plan.radio}`;
  }

  /** Moves the radio into the namespace and starts wpa_supplicant, which looks for its network from now on. */
  static async create(plan: StationPlan, channels: readonly number[]): Promise<Station> {
    const station = new Station(plan, channels);
    await script(`
      ip netns add ${plan.name}
      iw phy phy${plan.radio} set netns name ${plan.name}
      ip -n ${plan.name} link set lo up
      ip -n ${plan.name} link set ${station.interface} address ${plan.mac}
      ip -n ${plan.name} link set ${station.interface} up
      ip netns exec ${plan.name} sysctl -qw net.ipv4.neigh.${station.interface}.retrans_time_ms=${RETRY} net.ipv6.neigh.${station.interface}.retrans_time_ms=${RETRY}
      ip -n ${plan.name} address add ${plan.ip}/${PREFIX} dev ${station.interface}
      ip -n ${plan.name} route add default via ${plan.ip.replace(/\d+$/, "1")}`);
    platform.files.replace(`/run/${plan.name}.conf`, configuration(plan, channels));
    await station.#supplicant();
    return station;
  }

  async #supplicant(): Promise<void> {
    await must(inside(this.name, ["wpa_supplicant", "-B", "-i", this.interface, "-c", `/run/${this.name}.conf`, "-P", `/run/${this.name}.pid`, "-f", `/run/${this.name}.log`]), 60_000);
  }

  /** Rejects when it is not on its network by then. */
  async joined(deadline = 60_000): Promise<void> {
    await until(`${this.name} on its network`, deadline, async () => (await this.ask("status")).includes("wpa_state=COMPLETED"));
  }

  /** The BSS it is on. */
  async bssid(): Promise<string | undefined> {
    return /^bssid=(\S+)$/m.exec(await this.ask("status"))?.[1];
  }

  /** Asks wpa_supplicant to move to another BSS of its network; resolves when it has. */
  async roam(bssid: string, deadline = 5000): Promise<void> {
    // It forgets an access point that it has not seen for two scans, for example one that was started anew: then it looks once more.
    await until(`${this.name} may roam to ${bssid}`, deadline, async () => (await this.ask("roam", bssid)).trim() === "OK" || (await this.ask("scan"), false), 500);
    await until(`${this.name} at ${bssid}`, deadline, async () => { const text = await this.ask("status"); return text.includes(`bssid=${bssid}`) && text.includes("wpa_state=COMPLETED"); }, 20);
  }

  async ask(...words: string[]): Promise<string> {
    return (await run(inside(this.name, ["wpa_cli", "-p", `/run/wpa-${this.name}`, "-i", this.interface, ...words]))).stdout;
  }

  /** Takes an address and a key that are perhaps another's, and looks for the network anew. */
  async become(mac: string, secret: string): Promise<void> {
    await this.ask("disconnect");
    await script(`ip -n ${this.name} link set ${this.interface} down; ip -n ${this.name} link set ${this.interface} address ${mac}; ip -n ${this.name} link set ${this.interface} up`);
    await this.ask("set_network", "0", this.plan.security === "wpa3" ? "sae_password" : "psk", `"${secret}"`);
    await this.ask("reassociate");
  }

  /** Forgets what it learnt of its neighbours, so that the next packet asks, and says a first word, as any station does that asks for an address. */
  async begin(): Promise<void> {
    await run(inside(this.name, ["ip", "neigh", "flush", "all"]));
    await run(inside(this.name, ["ping", "-n", "-q", "-c", "3", "-i", "0.2", "-W", "1", "-w", "3", this.plan.ip.replace(/\d+$/, "1")]));
  }
}

function configuration({ name, ssid, security, secret }: StationPlan, channels: readonly number[]): string {
  const key = security === "wpa3" ? `key_mgmt=SAE\nieee80211w=2\nsae_password="${secret}"` : `key_mgmt=WPA-PSK\npsk="${secret}"`;
  return `ctrl_interface=/run/wpa-${name}\nsae_pwe=2\nnetwork={\nssid="${ssid}"\nscan_freq=${channels.map(frequency).join(" ")}\n${key}\n}\n`;
}
