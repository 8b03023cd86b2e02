// SPDX-License-Identifier: Apache-2.0
// A model of connection tracking: new, established, reply, related, invalid; loose pick-up of TCP in the middle; later fragments belong to their first.
import { readField, u16, type Layout } from "./fields.ts";

export const CT = { new: 1, established: 2, related: 4, reply: 8, invalid: 16, tracked: 32 } as const;

export interface Tuple {
  type: number;
  protocol: number;
  source: string;
  destination: string;
  sourcePort: number;
  destinationPort: number;
}

interface Connection {
  tuple: Tuple;
  answered: boolean;
  mark: number;
}

export interface Tracked {
  state: number;
  /** Of the connection's first packet. */
  original?: Tuple;
  /** ct_mark. */
  mark?: number;
}

const TCP_RST = 4;

export class Conntrack {
  readonly #connections = new Map<string, Connection>();
  readonly #fragments = new Map<string, Tuple>();

  get size(): number { return this.#connections.size; }

  track(frame: Uint8Array, layout: Layout): Tracked {
    const tuple = this.#tuple(frame, layout);
    if (!tuple) return { state: CT.tracked | CT.invalid };
    const inner = embedded(frame, layout);
    return inner ? this.#trackError(inner) : this.#trackPacket(tuple, frame, layout);
  }

  commit(original: Tuple, mark = 0): void {
    const known = this.#connections.get(keyOf(original));
    if (known) known.mark = mark;
    else this.#connections.set(keyOf(original), { tuple: original, answered: false, mark });
  }

  #trackPacket(tuple: Tuple, frame: Uint8Array, layout: Layout): Tracked {
    const forward = this.#connections.get(keyOf(tuple));
    if (forward) return { state: CT.tracked | (forward.answered ? CT.established : CT.new), original: forward.tuple, mark: forward.mark };
    const back = this.#connections.get(keyOf(reverse(tuple)));
    if (back) {
      back.answered = true;
      return { state: CT.tracked | CT.established | CT.reply, original: back.tuple, mark: back.mark };
    }
    const flags = readField(frame, layout, "tcp_flags");
    if (typeof flags === "number" && flags & TCP_RST) return { state: CT.tracked | CT.invalid };
    if (layout.payload?.protocol === 1 && frame[layout.payload.offset] === 0) return { state: CT.tracked | CT.invalid };
    return { state: CT.tracked | CT.new, original: tuple };
  }

  /** The packet inside the error went one way, so the error goes the other. */
  #trackError(inner: Tuple): Tracked {
    const forward = this.#connections.get(keyOf(inner));
    if (forward) return { state: CT.tracked | CT.related | CT.reply, original: forward.tuple };
    const back = this.#connections.get(keyOf(reverse(inner)));
    return back ? { state: CT.tracked | CT.related, original: back.tuple } : { state: CT.tracked | CT.invalid };
  }

  #tuple(frame: Uint8Array, layout: Layout): Tuple | undefined {
    const fragment = fragmentKey(frame, layout);
    if (!layout.payload) return fragment === undefined ? undefined : this.#fragments.get(fragment);
    const tuple = tupleAt(frame, layout);
    if (tuple && fragment !== undefined) this.#fragments.set(fragment, tuple);
    return tuple;
  }
}

function tupleAt(frame: Uint8Array, layout: Layout): Tuple | undefined {
  const type = readField(frame, layout, "eth_type") as number;
  const { offset, protocol } = layout.payload!;
  const [source, destination] = type === 0x0800 ? ["ip_src", "ip_dst"] : ["ipv6_src", "ipv6_dst"];
  const [sourcePort, destinationPort] = portsAt(frame, offset, protocol);
  return { type, protocol, source: String(readField(frame, layout, source!)), destination: String(readField(frame, layout, destination!)), sourcePort, destinationPort };
}

/** For an echo: its identifier, marked so that a request's tuple is its reply's reversed and no other request's. */
function portsAt(frame: Uint8Array, at: number, protocol: number): [number, number] {
  if (protocol === 6 || protocol === 17) return [u16(frame, at), u16(frame, at + 2)];
  if (protocol !== 1 && protocol !== 58) return [0, 0];
  const id = u16(frame, at + 4);
  const isReply = frame[at] === (protocol === 1 ? 0 : 129);
  return isReply ? [id + 0x10000, id] : [id, id + 0x10000];
}

/** RFC 792 and RFC 4443 errors carry the packet that they are about. */
function embedded(frame: Uint8Array, layout: Layout): Tuple | undefined {
  if (!layout.payload) return undefined;
  const { offset, protocol } = layout.payload;
  const type = frame[offset]!;
  const isError = protocol === 1 ? [3, 11, 12].includes(type) : protocol === 58 && type < 128;
  if (!isError) return undefined;
  const at = offset + 8;
  const v4 = protocol === 1;
  const inner = v4 ? frame[at + 9]! : frame[at + 6]!;
  const text = (from: number): string => (v4 ? String(frame[from]! * 2 ** 24 + (frame[from + 1]! << 16) + u16(frame, from + 2)) : String(frame.slice(from, from + 16)));
  const [sourcePort, destinationPort] = portsAt(frame, at + (v4 ? 20 : 40), inner);
  return { type: v4 ? 0x0800 : 0x86dd, protocol: inner, source: text(at + (v4 ? 12 : 8)), destination: text(at + (v4 ? 16 : 24)), sourcePort, destinationPort };
}

function fragmentKey(frame: Uint8Array, layout: Layout): string | undefined {
  const type = readField(frame, layout, "eth_type");
  if (type !== 0x0800 || (u16(frame, 20) & 0x3fff) === 0) return undefined;
  return `${u16(frame, 18)}/${frame.slice(26, 34).join()}/${frame[23]}`;
}

function reverse(tuple: Tuple): Tuple {
  return { ...tuple, source: tuple.destination, destination: tuple.source, sourcePort: tuple.destinationPort, destinationPort: tuple.sourcePort };
}

function keyOf({ type, protocol, source, destination, sourcePort, destinationPort }: Tuple): string {
  return `${type}/${protocol}/${source}/${sourcePort}/${destination}/${destinationPort}`;
}
