// SPDX-License-Identifier: Apache-2.0
/*
 * Does DHCP answer? A DISCOVER (RFC 2131 §4.4.1) of a client that does not exist goes to every upstream port, the access point's own included. The pipeline
 * holds what servers answer, so the OFFER comes to us and to nobody else. Nothing is requested, so the server keeps no lease.
 */
import { Port, type NxPacketIn2, type Outgoing } from "node-openvswitch/openflow";
import type { Millis, Platform } from "quickjs-ts";
import { decodeDhcpv4, DecodeError, DhcpOption, DhcpType, dissect, encodeDhcpv4, encodeEthernet, encodeIpv4, encodeUdp, EtherType, formatMac, ipv4, Protocol } from "../../../packets/index.ts";
import type { Mac, SwitchPort } from "../../../wifi-isolation/network.ts";
import { holdFrame } from "../../dispatch/frame.ts";

const [SERVER, CLIENT] = [67, 68];
const NOBODY = "0.0.0.0";
/** A server may try the address by a ping first, for a second. */
const PATIENCE: Millis = 3000;
const TRIES = 2;

export class DhcpProbe {
  readonly #platform: Pick<Platform, "timers" | "crypto">;
  readonly #send: (message: Outgoing) => boolean;
  /** Locally administered; one for the life of the process, as a server may reserve an address for it for a while. */
  readonly #mac: Mac;
  #transaction: number | undefined;
  #answered: ((answered: boolean) => void) | undefined;

  constructor(platform: Pick<Platform, "timers" | "crypto">, send: (message: Outgoing) => boolean) {
    this.#platform = platform;
    this.#send = send;
    this.#mac = formatMac(Uint8Array.of(0x06, ...platform.crypto.random(5)));
  }

  /** Whether a server answered. A new question ends the one before. */
  async answers(ports: readonly SwitchPort[]): Promise<boolean> {
    const upstream = ports.filter(({ role }) => role === "uplink" || role === "local").map(({ number }) => number);
    for (let count = 0; count < TRIES; count++) if (upstream.length > 0 && await this.#try(upstream)) return true;
    return false;
  }

  /** True: the held packet is an answer to us, and nobody else's. */
  takes(packet: NxPacketIn2): boolean {
    if (this.#transaction === undefined || packet.packet.length > 1600 || !this.#isAnswer(packet)) return false;
    this.#end(true);
    return true;
  }

  #try(ports: readonly number[]): Promise<boolean> {
    const [transaction] = new Uint32Array(this.#platform.crypto.random(4).buffer);
    this.#end(false);
    this.#transaction = transaction!;
    return new Promise((resolve) => {
      const timer = this.#platform.timers.after(PATIENCE / TRIES, () => this.#end(false));
      this.#answered = (answered) => { timer.cancel(); resolve(answered); };
      const packet = discover(this.#mac, transaction!);
      if (!this.#send({ type: "packet-out", inPort: Port.CONTROLLER, packet, actions: ports.map((port) => ({ type: "output", port })) })) this.#end(false);
    });
  }

  #end(answered: boolean): void {
    const told = this.#answered;
    [this.#transaction, this.#answered] = [undefined, undefined];
    told?.(answered);
  }

  #isAnswer(packet: NxPacketIn2): boolean {
    const frame = holdFrame(packet);
    if (frame?.reason !== "dhcp") return false;
    try {
      const { network } = dissect(frame.bytes);
      if (network.type !== "ip" || network.upper.type !== "udp" || network.upper.udp.sourcePort !== SERVER) return false;
      const message = decodeDhcpv4(network.upper.udp.payload);
      return message.operation === "reply" && message.transaction === this.#transaction && message.clientMac === this.#mac;
    } catch (error) {
      if (error instanceof DecodeError) return false;
      throw error;
    }
  }
}

/** With the broadcast flag: nobody has the address that is offered. */
export function discover(mac: Mac, transaction: number): Uint8Array {
  const payload = encodeDhcpv4({
    operation: "request", transaction, seconds: 0, broadcast: true, clientAddress: NOBODY, yourAddress: NOBODY, serverAddress: NOBODY, relayAddress: NOBODY, clientMac: mac,
    options: new Map([[DhcpOption.MESSAGE_TYPE, Uint8Array.of(DhcpType.DISCOVER)]]),
  });
  const packet = encodeIpv4(ipv4(NOBODY, "255.255.255.255", Protocol.UDP, encodeUdp({ sourcePort: CLIENT, destinationPort: SERVER, payload })));
  return encodeEthernet({ destination: "ff:ff:ff:ff:ff:ff", source: mac, etherType: EtherType.IPV4, payload: packet });
}
