// SPDX-License-Identifier: Apache-2.0
// hostapd's control interface, by hostapd_cli: its stations, what becomes of them, and a way to send one off.
import type { Child } from "quickjs-ts";
import { run, start } from "./command.ts";

/** `vlan`: hostapd's number of the interface that is the station's own, or its VLAN's; no event tells it. */
export interface Station { address: string; key?: string; vlan?: number }

export interface StationChange extends Station {
  bss: string;
  /**
   * "authorized": it has proved its key. "proved": it, or another in its place, has proved a key (again). With management frame protection that is all that
   * hostapd tells of a MAC address that comes back while its former station does not answer.
   */
  kind: "authorized" | "proved" | "left";
}

const CONTROL = "/run/hostapd";
const MAC = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/;
const KINDS: Record<string, StationChange["kind"]> = { "AP-STA-CONNECTED": "authorized", "EAPOL-4WAY-HS-COMPLETED": "proved", "AP-STA-DISCONNECTED": "left" };

/** Calls `changed` until the returned function is called. hostapd_cli -a starts a program with each event's words; echo writes them where we read. */
export function watchStations(bsses: readonly string[], changed: (change: StationChange) => void): () => void {
  const watchers = bsses.map((bss): Child => start(["hostapd_cli", "-p", CONTROL, "-i", bss, "-a", "/bin/echo"], (line) => {
    const [, word = "", address = "", ...more] = line.split(" ");
    const kind = KINDS[word];
    const key = more.find((each) => each.startsWith("keyid="))?.slice(6);
    if (kind && MAC.test(address)) changed({ bss, kind, address, ...(key && { key }) });
  }));
  return () => watchers.forEach((watcher) => watcher.kill());
}

/** The state of a finished handshake, PTKINITDONE. During another one hostapd names the first of its keys, whoever proved which. */
const DONE = /^hostapdWPAPTKState=11$/m;

/** Those that have proved their key. */
export async function stationsOf(bss: string): Promise<Station[]> {
  const { stdout } = await run(["hostapd_cli", "-p", CONTROL, "-i", bss, "all_sta"]);
  return stdout.split(/^(?=[0-9a-f]{2}:)/m).filter((text) => /^flags=.*\[AUTHORIZED\]/m.test(text) && DONE.test(text)).map((text) => ({ address: text.slice(0, 17), ...described(text) }));
}

/** What a station proved last, and where it is; empty when it is gone. Events do not tell all of it. */
export async function stationOf(bss: string, address: string): Promise<Omit<Station, "address">> {
  return described((await run(["hostapd_cli", "-p", CONTROL, "-i", bss, "sta", address])).stdout);
}

/** Lines of hostapd's ctrl_iface_ap.c, hostapd_ctrl_iface_sta_mib. */
function described(text: string): Omit<Station, "address"> {
  const [key, vlan] = [DONE.test(text) ? /^keyid=(.+)$/m.exec(text)?.[1] : undefined, Number(/^vlan_id=(\d+)$/m.exec(text)?.[1] ?? 0)];
  return { ...(key && { key }), ...(vlan > 0 && { vlan }) };
}

export async function deauthenticate(bss: string, address: string, reason: number): Promise<void> {
  await run(["hostapd_cli", "-p", CONTROL, "-i", bss, "deauthenticate", address, `reason=${reason}`]);
}
