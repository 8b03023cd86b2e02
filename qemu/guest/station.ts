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
  /** A second one, with a prefix of 64 bits. */
  ip6?: string;
  ssid: string;
  /** "wpa3": SAE. */
  security: "wpa2" | "wpa3";
  secret: string;
  /** wpa_supplicant writes the keys that it gets into its log, /run/NAME.log. */
  showsKeys?: boolean;
}

const PREFIX = 24;
/** Linux forgets its neighbours when a radio changes its BSS, and asks again after a second when the first request is lost, which it is as the link is not up yet. That second would hide what access points do. Milliseconds. */
const RETRY = 50;
/** A neighbour that is known is given up after three seconds without an answer, as by Linux's own settings: an emulated processor has pauses. */
const PROBES = 60;
const ROAMED_WITHIN = 1000;
/** hostapd sends off who is slow with the handshake, as emulated processors are; with management frame protection a station believes no such frame that is not protected, and would wait for ever. Milliseconds. */
const NUDGE = 10_000;

export class Station {
  readonly name: string;
  readonly interface: string;

  private constructor(readonly plan: StationPlan, readonly channels: readonly number[]) {
    this.name = plan.name;
    this.interface = `wlan${plan.radio}`;
  }

  /** Moves the radio into the namespace and starts wpa_supplicant, which looks for its network from now on; for one BSS of it where `bssid` is given. */
  static async create(plan: StationPlan, channels: readonly number[], bssid?: string): Promise<Station> {
    const station = new Station(plan, channels);
    // Few programs: starting one is what takes time on an emulated processor.
    await script(`
      ip netns add ${plan.name}
      iw phy phy${plan.radio} set netns name ${plan.name}
      ip netns exec ${plan.name} sh -ec '
        for family in ipv4 ipv6; do
          echo ${RETRY} > /proc/sys/net/$family/neigh/${station.interface}/retrans_time_ms
          echo ${PROBES} > /proc/sys/net/$family/neigh/${station.interface}/ucast_solicit
        done
        echo 1 > /proc/sys/net/ipv6/conf/${station.interface}/keep_addr_on_down
        ip -batch -' <<END
link set lo up
link set ${station.interface} address ${plan.mac}
link set ${station.interface} up
address add ${plan.ip}/${PREFIX} dev ${station.interface}
${plan.ip6 ? `address add ${plan.ip6}/64 dev ${station.interface} nodad` : ""}
route add default via ${plan.ip.replace(/\d+$/, "1")}
END`);
    platform.files.replace(`/run/${plan.name}.conf`, configuration(plan, channels, bssid));
    await station.#supplicant();
    return station;
  }

  async #supplicant(): Promise<void> {
    await must(inside(this.name, ["wpa_supplicant", "-B", "-i", this.interface, "-c", `/run/${this.name}.conf`, "-P", `/run/${this.name}.pid`, "-f", `/run/${this.name}.log`, ...(this.plan.showsKeys ? ["-d", "-K"] : [])]), 60_000);
  }

  /** Rejects when it is not on its network by then. */
  async joined(deadline = 60_000): Promise<void> {
    let next = platform.time.now() + NUDGE;
    await until(`${this.name} on its network`, deadline, async () => {
      if ((await this.ask("status")).includes("wpa_state=COMPLETED")) return true;
      if (platform.time.now() < next) return false;
      next += NUDGE;
      await this.ask("disconnect");
      return void (await this.ask("reassociate"));
    });
  }

  /** The BSS it is on. */
  async bssid(): Promise<string | undefined> {
    return /^bssid=(\S+)$/m.exec(await this.ask("status"))?.[1];
  }

  /** Asks wpa_supplicant to move to another BSS of its network; resolves when it has. */
  async roam(bssid: string, deadline = 10_000): Promise<void> {
    // It forgets an access point that it has not seen for two scans, for example one that was started anew: then it looks once more.
    await until(`${this.name} may roam to ${bssid}`, deadline, async () => (await this.ask("roam", bssid)).trim() === "OK" || (await this.ask("scan"), false), 500);
    let asked = platform.time.now();
    await until(`${this.name} at ${bssid}`, deadline, async () => {
      const text = await this.ask("status");
      if (text.includes(`bssid=${bssid}`) && text.includes("wpa_state=COMPLETED")) return true;
      // It gave up, and came back to where it was.
      if (platform.time.now() - asked > ROAMED_WITHIN && text.includes("wpa_state=COMPLETED")) {
        asked = platform.time.now();
        await this.ask("roam", bssid);
      }
      return false;
    }, 50);
  }

  /** Its socket is a file, which needs no namespace. */
  async ask(...words: readonly string[]): Promise<string> {
    return (await run(["wpa_cli", "-p", `/run/wpa-${this.name}`, "-i", this.interface, ...words])).stdout;
  }

  /** Takes an address and a key that are perhaps another's, and looks for the network anew. */
  async become(mac: string, secret: string): Promise<void> {
    await this.ask("disconnect");
    await script(`ip -n ${this.name} link set ${this.interface} down; ip -n ${this.name} link set ${this.interface} address ${mac}; ip -n ${this.name} link set ${this.interface} up`);
    await this.ask("set_network", "0", this.plan.security === "wpa3" ? "sae_password" : "psk", quoted(secret));
    await this.ask("reassociate");
  }

  /** Forgets what it learnt of its neighbours, so that the next packet asks, and says a first word, as any station does that asks for an address. */
  async begin(): Promise<void> {
    await run(inside(this.name, ["ip", "neigh", "flush", "all"]));
    await run(inside(this.name, ["ping", "-n", "-q", "-c", "3", "-i", "0.2", "-W", "1", "-w", "3", this.plan.ip.replace(/\d+$/, "1")]));
  }
}

/** A passphrase; or 64 hexadecimal digits, the key itself, as which it need not be hashed 8192 times. */
const quoted = (secret: string): string => (/^[0-9a-f]{64}$/.test(secret) ? secret : `"${secret}"`);

function configuration({ name, ssid, security, secret }: StationPlan, channels: readonly number[], bssid?: string): string {
  const key = security === "wpa3" ? `key_mgmt=SAE\nieee80211w=2\nsae_password="${secret}"` : `key_mgmt=WPA-PSK\nieee80211w=1\npsk=${quoted(secret)}`;
  return `ctrl_interface=/run/wpa-${name}\nsae_pwe=2\nnetwork={\nssid="${ssid}"\nscan_freq=${channels.map(frequency).join(" ")}\n${bssid ? `bssid=${bssid}\n` : ""}${key}\n}\n`;
}
