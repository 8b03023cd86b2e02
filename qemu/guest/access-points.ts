// SPDX-License-Identifier: Apache-2.0
// hostapd on simulated radios: one process for all radios, as OpenWrt runs it.
import { platform } from "quickjs-ts/platform";
import { must, run, until } from "./command.ts";

export interface Bss {
  /** Its interface, a port of the switch. */
  name: string;
  bssid: string;
  ssid: string;
  /** "wpa2": a passphrase for each device, whose name it proves. "wpa3": SAE with a password for each MAC address; hostapd tells no name of it. */
  security: "wpa2" | "wpa3";
}

export interface Radio {
  channel: number;
  /** The first takes the radio's own interface. */
  bsses: readonly Bss[];
}

export interface Key { name: string; mac: string; secret: string }

const CONTROL = "/run/hostapd";
const folder = "/run/access-points";

/** MHz, 2.4 GHz band. */
export const frequency = (channel: number): number => 2407 + 5 * channel;

export class AccessPoints {
  readonly bsses: readonly Bss[];

  constructor(readonly radios: readonly Radio[], readonly keys: readonly Key[]) {
    this.bsses = radios.flatMap((radio) => radio.bsses);
  }

  /** `isolated`: the BSSes return no frame to their stations by themselves. Resolves when all BSSes send beacons. */
  async start(isolated: boolean): Promise<void> {
    const { files } = platform;
    files.makeDirectory(folder);
    // 00:... : any station may use the key, so that the key alone says who it is.
    files.replace(`${folder}/keys`, this.keys.map(({ name, secret }) => `keyid=${name} 00:00:00:00:00:00 ${secret}\n`).join(""));
    const configurations = this.radios.map((radio, i) => {
      files.replace(`${folder}/radio${i}.conf`, this.#configuration(radio, isolated));
      return `${folder}/radio${i}.conf`;
    });
    await must(["hostapd", "-B", "-P", `${folder}/pid`, "-f", "/run/hostapd.log", ...configurations], 60_000);
    for (const { name } of this.bsses) await until(`BSS ${name}`, 30_000, async () => (await this.#ask(name, "status")).includes("state=ENABLED"));
  }

  async stop(): Promise<void> {
    const pid = Number(platform.files.readText(`${folder}/pid`));
    platform.processes.kill(pid, "SIGTERM");
    await until("hostapd's end", 10_000, () => platform.files.status(`/proc/${pid}`) === undefined);
  }

  async #ask(bss: string, ...words: string[]): Promise<string> {
    return (await run(["hostapd_cli", "-p", CONTROL, "-i", bss, ...words])).stdout;
  }

  #configuration({ channel, bsses }: Radio, isolated: boolean): string {
    const head = `driver=nl80211\nhw_mode=g\nchannel=${channel}\nieee80211n=1\n`;
    return bsses.map((bss, i) => `${i === 0 ? "interface" : "bss"}=${bss.name}\n${i === 0 ? head : ""}${this.#bss(bss, isolated)}`).join("\n");
  }

  #bss({ bssid, ssid, security }: Bss, isolated: boolean): string {
    const common = `bssid=${bssid}\nssid=${ssid}\nctrl_interface=${CONTROL}\nwmm_enabled=1\nap_isolate=${isolated ? 1 : 0}\nwpa=2\nrsn_pairwise=CCMP\n`;
    if (security === "wpa2") return `${common}wpa_key_mgmt=WPA-PSK\nwpa_psk_file=${folder}/keys\n`;
    return `${common}wpa_key_mgmt=SAE\nieee80211w=2\nsae_pwe=2\n${this.keys.map(({ mac, secret }) => `sae_password=${secret}|mac=${mac}\n`).join("")}`;
  }
}
