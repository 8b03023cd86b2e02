// SPDX-License-Identifier: Apache-2.0
// Reasons station, moved, binding and dhcp: what a frame shows of who is where with which address.
import type { Millis } from "quickjs-ts";
import { decodeDhcpv4, decodeDhcpv6, type Dhcpv4, dhcpHostname, DhcpOption, dhcpNumber, DhcpType, dhcpType, Dhcpv6Type, dhcpv6Leases, dissect, formatMac, isGroupMac, parseIp, parseMac, type Packet } from "../../packets/index.ts";
import type { Ip, Mac } from "../../wifi-isolation/index.ts";
import type { DeviceOutcome, DeviceTable, Lease, Newcomers } from "../devices/index.ts";
import type { Handling } from "./dispatcher.ts";
import { redirect, type HeldFrame } from "./frame.ts";

/** What the handlers need of the gateway. */
export interface SenderParts {
  devices: DeviceTable;
  /** Who is asked about before it joins. */
  newcomers: Pick<Newcomers, "frame">;
  /** Name of the port with an OpenFlow number. */
  portName(number: number): string | undefined;
  /** Does what outcomes say; undefined when nothing must change in the switch. */
  devicesChanged(outcomes: readonly DeviceOutcome[]): Promise<boolean> | undefined;
}

const DHCP4_SERVER = 67;
const DHCP6_SERVER = 547;

/** A frame of a station that is unknown, elsewhere, or uses an address that is not bound to it. Throws DecodeError. */
export function handleSender(parts: SenderParts, frame: HeldFrame, now: Millis): Handling {
  const port = parts.portName(frame.port);
  if (port === undefined) return { act: "drop" };
  const packet = dissect(frame.bytes);
  const mac = packet.ethernet.source;
  if (!asksForItself(parts.devices, packet, now)) return { act: "drop" };
  const newcomer = parts.newcomers.frame(port, mac);
  if (newcomer) return newcomer === "wait" ? { act: "wait", key: stationKey(mac) } : { act: "drop" };
  const address = addressOf(packet);
  // Both at once: the packet comes back only once.
  const outcomes = [parts.devices.frame(port, mac, now)];
  if (address !== undefined && isOfAnother(parts.devices, address, mac)) return { act: "drop", inForce: parts.devicesChanged(outcomes) };
  if (outcomes[0]!.frame === "release" && address !== undefined) outcomes.push(parts.devices.claim(port, mac, address, now));
  const inForce = parts.devicesChanged(outcomes);
  const fate = outcomes.at(-1)!.frame;
  return fate === "wait" ? { act: "wait", key: stationKey(mac) } : { act: fate, inForce };
}

/** Reason alive: a station answers at its own place; nobody else is told. Throws DecodeError. */
export function handleAlive(parts: SenderParts, frame: HeldFrame, now: Millis): Handling {
  const port = parts.portName(frame.port);
  if (port === undefined) return { act: "drop" };
  return { act: "drop", inForce: parts.devicesChanged([parts.devices.frame(port, dissect(frame.bytes).ethernet.source, now)]) };
}

/**
 * An IPv6 address formed from the MAC of another known device (RFC 4291 appendix A): whoever knows that MAC can guess it, and would be first to
 * use it. Other addresses that stations form themselves are random; nobody but the switch sees them before their first use.
 */
function isOfAnother(devices: DeviceTable, address: Ip, mac: Mac): boolean {
  const bytes = address.includes(":") ? parseIp(address) : undefined;
  if (!bytes || bytes[11] !== 0xff || bytes[12] !== 0xfe) return false;
  const owner = formatMac(Uint8Array.of(bytes[8]! ^ 2, bytes[9]!, bytes[10]!, bytes[13]!, bytes[14]!, bytes[15]!));
  return owner !== mac && devices.byMac(owner) !== undefined;
}

/** Under this key wait the frames of a station that the radio has not told of yet. */
export function stationKey(mac: Mac): string {
  return `station ${mac}`;
}

/** The address that the frame's sender claims. Who asks whether one is taken will use it, maybe only to be reached by it (RFC 5227 §2.1.1, RFC 4862 §5.4). */
function addressOf({ network }: Packet): Ip | undefined {
  if (network.type === "none") return undefined;
  if (network.type === "arp") return network.arp.senderIp === "0.0.0.0" ? network.arp.targetIp : network.arp.senderIp;
  const { ip, upper } = network;
  if (ip.source !== "::") return ip.source === "0.0.0.0" ? undefined : ip.source;
  return upper.type === "icmpv6" && upper.icmpv6.type === "neighbour-solicitation" ? upper.icmpv6.target : undefined;
}

/**
 * What a station sends to DHCP servers is about itself: servers believe the hardware address and the client identifier inside, so others could have
 * its lease released, or leases piled up in its name. Nor does it ask for more than its share. True for what is no such message. Throws DecodeError.
 */
function asksForItself(devices: DeviceTable, { ethernet, network }: Packet, now: Millis): boolean {
  if (network.type !== "ip" || network.upper.type !== "udp" || network.upper.udp.destinationPort !== DHCP4_SERVER) return true;
  const message = decodeDhcpv4(network.upper.udp.payload);
  const { operation, clientMac, clientAddress, relayAddress, options } = message;
  if (operation !== "request" || clientMac !== ethernet.source || relayAddress !== "0.0.0.0") return false;
  const holder = devices.byAddress(clientAddress);
  if (holder !== undefined && holder.mac !== clientMac) return false;
  // RFC 2132 §9.14: type 1, Ethernet.
  const identifier = options.get(DhcpOption.CLIENT_ID);
  const named = identifier?.length === 7 && identifier[0] === 1 ? devices.byMac(formatMac(identifier.subarray(1))) : undefined;
  if (named !== undefined && named.mac !== clientMac) return false;
  return dhcpType(message) !== DhcpType.REQUEST || devices.mayRequest(clientMac, wantedAddress(message), now);
}

/** RFC 2131 table 5: in option 50, or as its own when it renews. */
function wantedAddress({ options, clientAddress }: Dhcpv4): Ip {
  const requested = options.get(DhcpOption.REQUESTED_ADDRESS);
  return requested?.length === 4 ? requested.join(".") : clientAddress;
}

/** DHCP: what a station asks; or an answer of the network's server: the lease comes into force before the station knows of it. Throws DecodeError. */
export function handleDhcp(parts: SenderParts, frame: HeldFrame, now: Millis): Handling {
  const packet = dissect(frame.bytes);
  if (frame.source !== 0) return { act: isDhcpRequest(packet) && asksForItself(parts.devices, packet, now) ? "release" : "drop" };
  const { ethernet, network } = packet;
  if (network.type !== "ip" || network.upper.type !== "udp") return { act: "drop" };
  const { sourcePort, payload } = network.upper.udp;
  if (sourcePort === DHCP4_SERVER) return handleDhcpv4(parts, frame, payload, now);
  if (sourcePort !== DHCP6_SERVER || isGroupMac(ethernet.destination)) return { act: "drop" };
  const message = decodeDhcpv6(payload);
  const leases = message.type === Dhcpv6Type.REPLY ? dhcpv6Leases(message).map((lease): Lease => ({ mac: ethernet.destination, ...lease })) : [];
  return release(parts, leases, now);
}

/** Not a fragment of one: of that nothing can be said. */
function isDhcpRequest({ network }: Packet): boolean {
  return network.type === "ip" && network.upper.type === "udp" && network.upper.udp.destinationPort === DHCP4_SERVER;
}

function handleDhcpv4(parts: SenderParts, frame: HeldFrame, payload: Uint8Array, now: Millis): Handling {
  const message = decodeDhcpv4(payload);
  const { clientMac, yourAddress } = message;
  const station = parseMac(clientMac);
  if (message.operation !== "reply" || !station || isGroupMac(clientMac)) return { act: "drop" };
  // RFC 2131 §4.1: with the broadcast flag the answer comes to everybody; here it goes to the one it is for.
  if (isGroupMac(formatMac(frame.bytes))) redirect(frame, station);
  if (dhcpType(message) !== DhcpType.ACK || yourAddress === "0.0.0.0") return { act: "release" };
  const seconds = dhcpNumber(message, DhcpOption.LEASE_SECONDS) ?? 0;
  return release(parts, [{ mac: clientMac, address: yourAddress, seconds, hostname: dhcpHostname(message) }], now);
}

function release(parts: SenderParts, leases: readonly Lease[], now: Millis): Handling {
  const outcomes = leases.map((lease) => parts.devices.lease(lease, now));
  const inForce = parts.devicesChanged(outcomes);
  return { act: outcomes.some(({ frame }) => frame === "drop") ? "drop" : "release", inForce };
}
