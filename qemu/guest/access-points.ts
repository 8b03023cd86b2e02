// SPDX-License-Identifier: Apache-2.0
// hostapd on simulated radios: one process for all radios of a device, as OpenWrt runs it.
import { platform } from "quickjs-ts/platform";
import { inside, must, run, until } from "./command.ts";

export interface Bss {
  /** Its interface, a port of the switch. */
  name: string;
  bssid: string;
  ssid: string;
  /** "wpa2": a passphrase for each device, whose name it proves. "wpa3": SAE with a password for each MAC address; hostapd tells no name of it. */
  security: "wpa2" | "wpa3";
  /** Lines of hostapd.conf beside those of all. */
  more?: string;
}

export interface Radio {
  channel: number;
  /** The first takes the radio's own interface. */
  bsses: readonly Bss[];
}

export interface Key {
  name: string;
  mac: string;
  secret: string;
  /** Only this MAC address may use it, on WPA2 too; without, any may, so that the key alone says who it is. */
  bound?: boolean;
  /** Its stations are at the VLAN's own netdev. */
  vlan?: number;
}

/** A device of its own: the namespace that has the radios, and the Linux bridge in it that hostapd puts the BSSes on. */
export interface Place { namespace: string; bridge: string }

export interface Separation {
  /** An interface and a group key per station (per_sta_vif): INTERFACE.4096 and up, made when a station comes and gone when it goes. Each is a port of its own; who makes it one is the gateway. */
  perStation?: boolean;
}

const CONTROL = "/run/hostapd";

/** Of wpa_psk_file. */
const keyLine = ({ name, mac, secret, bound, vlan }: Key): string => `keyid=${name} ${vlan === undefined ? "" : `vlanid=${vlan} `}${bound ? mac : "00:00:00:00:00:00"} ${secret}\n`;

/** MHz, 2.4 GHz band. */
export const frequency = (channel: number): number => 2407 + 5 * channel;

export class AccessPoints {
  readonly bsses: readonly Bss[];
  readonly #folder: string;

  /** Without `place` the BSSes are in the guest's first namespace, on no bridge. `name`: of its files; two in one namespace need two. */
  constructor(readonly radios: readonly Radio[], readonly keys: readonly Key[], readonly place?: Place, name = place?.namespace ?? "own") {
    this.bsses = radios.flatMap((radio) => radio.bsses);
    this.#folder = `/run/access-points-${name}`;
  }

  /** `isolated`: the BSSes return no frame to their stations by themselves. Resolves when all BSSes send beacons. */
  async start(isolated: boolean, separation: Separation = {}): Promise<void> {
    const { files } = platform;
    const folder = this.#folder;
    files.makeDirectory(folder);
    files.replace(`${folder}/keys`, this.keys.map(keyLine).join(""));
    const configurations = this.radios.map((radio, i) => {
      files.replace(`${folder}/radio${i}.conf`, this.#configuration(radio, isolated, separation));
      return `${folder}/radio${i}.conf`;
    });
    await must(inside(this.place?.namespace, ["hostapd", "-B", "-P", `${folder}/pid`, "-f", `${folder}/log`, ...configurations]), 60_000);
    for (const { name } of this.bsses) await until(`BSS ${name}`, 30_000, async () => (await this.#ask(name, "status")).includes("state=ENABLED"));
  }

  async stop(): Promise<void> {
    const pid = Number(platform.files.readText(`${this.#folder}/pid`));
    platform.processes.kill(pid, "SIGTERM");
    await until("hostapd's end", 10_000, () => platform.files.status(`/proc/${pid}`) === undefined);
  }

  /** Changes a running access point, whose stations stay. */
  async isolate(isolated: boolean): Promise<void> {
    for (const { name } of this.bsses) {
      for (const words of [["set", "ap_isolate", isolated ? "1" : "0"], ["update_beacon"]]) {
        const answer = (await this.#ask(name, ...words)).trim();
        if (answer !== "OK") throw new Error(`hostapd, ${name}, ${words.join(" ")}: ${answer}`);
      }
    }
  }

  async #ask(bss: string, ...words: string[]): Promise<string> {
    return (await run(["hostapd_cli", "-p", CONTROL, "-i", bss, ...words])).stdout;
  }

  #configuration({ channel, bsses }: Radio, isolated: boolean, separation: Separation): string {
    const head = `driver=nl80211\nhw_mode=g\nchannel=${channel}\nieee80211n=1\n`;
    return bsses.map((bss, i) => `${i === 0 ? "interface" : "bss"}=${bss.name}\n${i === 0 ? head : ""}${this.#bss(bss, isolated, separation)}`).join("\n");
  }

  #bss({ bssid, ssid, security, more = "" }: Bss, isolated: boolean, { perStation = false }: Separation): string {
    const bridge = this.place ? `bridge=${this.place.bridge}\n` : "";
    const common = `${bridge}${more}bssid=${bssid}\nssid=${ssid}\nctrl_interface=${CONTROL}\nwmm_enabled=1\nap_isolate=${isolated ? 1 : 0}\n${perStation ? "per_sta_vif=1\n" : ""}wpa=2\nrsn_pairwise=CCMP\n`;
    if (security === "wpa2") return `${common}wpa_key_mgmt=WPA-PSK\nwpa_psk_file=${this.#folder}/keys\n`;
    return `${common}wpa_key_mgmt=SAE\nieee80211w=2\nsae_pwe=2\n${this.keys.map(({ mac, secret }) => `sae_password=${secret}|mac=${mac}\n`).join("")}`;
  }
}
