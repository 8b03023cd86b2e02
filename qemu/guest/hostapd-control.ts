// SPDX-License-Identifier: Apache-2.0
// hostapd's control interface, by hostapd_cli: its stations, what becomes of them, and a way to send one off.
import type { Child } from "quickjs-ts";
import { run, start } from "./command.ts";

export interface Station { address: string; key?: string }

export interface StationChange extends Station {
  bss: string;
  /** "authorized": it has proved its key. */
  kind: "authorized" | "left";
}

const CONTROL = "/run/hostapd";
const MAC = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/;
const KINDS: Record<string, StationChange["kind"]> = { "AP-STA-CONNECTED": "authorized", "AP-STA-DISCONNECTED": "left" };

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

/** Those that have proved their key. */
export async function stationsOf(bss: string): Promise<Station[]> {
  const { stdout } = await run(["hostapd_cli", "-p", CONTROL, "-i", bss, "all_sta"]);
  return stdout.split(/^(?=[0-9a-f]{2}:)/m).filter((text) => /^flags=.*\[AUTHORIZED\]/m.test(text)).map((text) => {
    const key = /^keyid=(.+)$/m.exec(text)?.[1];
    return { address: text.slice(0, 17), ...(key && { key }) };
  });
}

export async function deauthenticate(bss: string, address: string, reason: number): Promise<void> {
  await run(["hostapd_cli", "-p", CONTROL, "-i", bss, "deauthenticate", address, `reason=${reason}`]);
}
