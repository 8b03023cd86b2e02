// SPDX-License-Identifier: Apache-2.0
// Parties of a field in the virtual machine.
import { platform } from "quickjs-ts/platform";
import { frequency } from "../../../qemu/guest/access-points.ts";
import { inside, run, type RunResult, script, sleep } from "../../../qemu/guest/command.ts";
import { Frames, type Listener } from "../../../qemu/guest/frames.ts";
import type { Station as Guest } from "../../../qemu/guest/station.ts";
import type { BssName, Field, Join, Party, Station } from "../field.ts";

const PATIENCE = 700;

export abstract class RawParty implements Party {
  abstract readonly mac: string;

  constructor(readonly name: string, readonly v4: string, readonly v6: string, protected readonly frames: Frames) {}

  send(frame: Uint8Array): Promise<void> {
    return this.frames.send(frame);
  }

  flood(frame: Uint8Array, count: number, perSecond: number, countingAt?: number): Promise<void> {
    return this.frames.flood(frame, count, perSecond, countingAt);
  }

  watch(watcher: (frame: Uint8Array) => void): () => void {
    return this.frames.watch(watcher);
  }

  listen(mark: Uint8Array | string): Listener {
    return this.frames.listen(typeof mark === "string" ? new TextEncoder().encode(mark) : mark);
  }

  hears(mark: Uint8Array | string, deadline = PATIENCE): Promise<Uint8Array | undefined> {
    return this.listen(mark).heard(deadline);
  }
}

export class Router extends RawParty {
  static async open(mac: string, v4: string, v6: string): Promise<Router> {
    return new Router(mac, v4, v6, await Frames.open("router", "net0"));
  }

  private constructor(readonly mac: string, v4: string, v6: string, frames: Frames) {
    super("router", v4, v6, frames);
  }
}

/** How long hostapd and the gateway may take for a yes, and how long the yes must last. Milliseconds. */
const LET_IN_WITHIN = 12_000;
const LASTS = 1000;
/** A slow handshake may fail (NUDGE of qemu/guest/station.ts). */
const RETURNS = 3;
const MONITOR = "mon";

export class RadioParty extends RawParty implements Station {
  readonly mac: string;
  readonly device: string;
  readonly namespace: string;
  readonly secret: string;
  #address: string;
  /** Of its network, as wpa_supplicant has them. */
  readonly #settings = new Map<string, string>();

  /** `home`: the BSS it belongs to. */
  static async open(guest: Guest, home: BssName, bss: Field["bss"]): Promise<RadioParty> {
    return new RadioParty(guest, home, bss, await Frames.open(guest.name, guest.interface));
  }

  private constructor(readonly guest: Guest, readonly home: BssName, readonly bss: Field["bss"], frames: Frames) {
    super(guest.name, guest.plan.ip, guest.plan.ip6!, frames);
    [this.mac, this.device, this.namespace, this.secret] = [guest.plan.mac, guest.interface, guest.name, guest.plan.secret];
    this.#address = this.mac;
    this.#settings.set("psk", `"${this.secret}"`).set("bssid", bss[home].bssid);
  }

  /** Sends nothing while its radio is not let in: that is a defence at work, not a failure of the attempt. */
  override async send(frame: Uint8Array): Promise<void> {
    await super.send(frame).catch((error: Error) => {
      if (!/Network is (down|unreachable)/.test(error.message)) throw error;
    });
  }

  run(argv: readonly string[], deadline?: number): Promise<RunResult> {
    return run(inside(this.namespace, argv), deadline);
  }

  async join({ bss = this.home, mac = this.mac, secret = this.secret, within }: Join = {}): Promise<boolean> {
    await this.#leave(mac);
    const { bssid, channel } = this.bss[bss];
    await this.#set("bssid", bssid);
    await this.#set("scan_freq", String(frequency(channel)));
    await this.#set("psk", `"${secret}"`);
    await this.ask("reassociate");
    return this.#letIn(bssid, mac, within);
  }

  leave(): Promise<void> {
    return this.#leave(this.mac);
  }

  async #leave(mac: string): Promise<void> {
    await this.ask("disconnect");
    if (mac === this.#address) return;
    const link = ["ip", "-n", this.namespace, "link", "set", this.device].join(" ");
    await script(`${link} down; ${link} address ${mac}; ${link} up`);
    this.#address = mac;
  }

  /** A passphrase is hashed anew each time, which takes a second. */
  async #set(name: string, value: string): Promise<void> {
    if (this.#settings.get(name) !== value) await this.ask("set_network", "0", name, value);
    this.#settings.set(name, value);
  }

  ask(...words: readonly string[]): Promise<string> {
    return this.guest.ask(...words);
  }

  async monitor(filter: string): Promise<Frames> {
    const found = await this.run(["ip", "link", "show", MONITOR]);
    if (found.code !== 0) await script(`ip netns exec ${this.namespace} iw phy phy${this.guest.plan.radio} interface add ${MONITOR} type monitor flags active; ip -n ${this.namespace} link set ${MONITOR} up`);
    return Frames.open(this.namespace, MONITOR, filter);
  }

  async restore(): Promise<void> {
    let there = await this.#isIn(this.bss[this.home].bssid, this.mac);
    for (let i = 0; i < RETURNS && !there; i++) there = await this.join();
    if (!there) throw new Error(`${this.name} does not come back to its network`);
    await this.begin();
  }

  /** Says a word to the router by both of its addresses, as any device does after it came. */
  async begin(): Promise<void> {
    await Promise.all([this.guest.begin(), this.run(["ping", "-6", "-n", "-q", "-c", "2", "-i", "0.2", "-W", "1", "-w", "2", this.v6.replace(/[^:]*$/, "1")])]);
  }

  /** Radios in other groups do not hear each other. */
  async outOfReach(yes: boolean): Promise<void> {
    platform.files.append(`/sys/kernel/debug/ieee80211/phy${this.guest.plan.radio}/hwsim/group`, yes ? "2" : "1");
  }

  async #letIn(bssid: string, mac: string, within: number | undefined): Promise<boolean> {
    const end = platform.time.now() + (within ?? LET_IN_WITHIN);
    while (platform.time.now() < end) {
      if (await this.#isIn(bssid, mac)) {
        await sleep(LASTS);
        if (await this.#isIn(bssid, mac)) return true;
        if (within !== undefined) return false;
      }
      await sleep(100);
    }
    return false;
  }

  async #isIn(bssid: string, mac: string): Promise<boolean> {
    const status = await this.ask("status");
    return status.includes("wpa_state=COMPLETED") && status.includes(`bssid=${bssid}`) && status.includes(`\naddress=${mac}`);
  }
}
