// SPDX-License-Identifier: Apache-2.0
// Many messages that take effect together or not at all (OpenFlow 1.4 section 7.3.9; ONF EXT-230 for 1.3).
import { putMessage } from "./codec.ts";
import { putBundleHead } from "./flow-mod.ts";
import type { BundleAction, Message } from "./messages.ts";
import { OpenflowError, type Outgoing } from "./session-errors.ts";
import type { OpenflowSession } from "./session.ts";
import { Writer } from "./writer.ts";

/** What a bundle needs of its connection. */
export interface BundleLink {
  readonly session: OpenflowSession;
  request(message: Message): Promise<Message>;
  /** Resolves when the queue has fallen to its low mark; rejects when the connection is gone. */
  drained(): Promise<void>;
}

export interface BundleOptions {
  /** Default true: either all or none of it is seen by any packet. */
  atomic?: boolean;
  /**
   * Called when a table has no room for one of the messages; nothing has taken effect. What it returns (for example the same without optional
   * flows) is tried instead, once; with undefined the bundle rejects.
   */
  onTableFull?(refused: OpenflowError): Iterable<Outgoing> | undefined;
}

const ATOMIC = 1, ORDERED = 2;
/** Bytes gathered before they are given to the stream. */
const batch = 16_384;

/**
 * Sends `messages` as they are generated and commits. The iterable may be asked for again, to name a message that was refused: give an array,
 * or an object whose iterator starts over. Resolves with the number of messages once they are in force. Rejects with OpenflowError, its `refused` and
 * `index` naming the first message that was; nothing has taken effect then.
 */
export async function runBundle(link: BundleLink, id: number, messages: Iterable<Outgoing>, options: BundleOptions = {}): Promise<number> {
  const flags = ORDERED | (options.atomic === false ? 0 : ATOMIC);
  try {
    return await attempt(link, id, flags, messages);
  } catch (error) {
    const other = error instanceof OpenflowError && error.tableFull ? options.onTableFull?.(error) : undefined;
    if (!other) throw error;
    return attempt(link, id, flags, other);
  }
}

async function attempt(link: BundleLink, id: number, flags: number, messages: Iterable<Outgoing>): Promise<number> {
  const refusals: { error: OpenflowError; index: number }[] = [];
  const owner = { refused: (error: OpenflowError, index: number) => void (refusals.length === 0 && refusals.push({ error, index })) };
  const control = (action: BundleAction): Promise<Message> => link.request({ type: "bundle-control", bundle: id, control: action, flags });
  let open = false;
  try {
    await control("open-request");
    open = true;
    const count = await add(link, id, flags, messages, owner);
    // A message that cannot be added is refused at once, and the others could still be committed: the barrier makes sure that we know before.
    await link.request({ type: "barrier-request" });
    if (refusals.length > 0) throw refusals[0]!.error;
    open = false; // a commit, refused or not, ends the bundle
    await control("commit-request");
    return count;
  } catch (error) {
    if (open && link.session.state === "ready") await control("discard-request").catch(() => {}); // the first error is the one to tell
    const first = refusals[0];
    throw first ? named(first.error, first.index, messages) : error;
  } finally {
    link.session.endBundle(owner);
  }
}

async function add(link: BundleLink, id: number, flags: number, messages: Iterable<Outgoing>, owner: { refused(error: OpenflowError, index: number): void }): Promise<number> {
  const { session } = link;
  let writer = new Writer(batch + 4096);
  let count = 0;
  const flush = async (): Promise<void> => {
    const more = session.writeEncoded(writer.bytes.subarray(0, writer.at), "bundle-add");
    writer = new Writer(batch + 4096);
    if (!more) await link.drained();
  };
  for (const message of messages) {
    const xid = session.nextXid();
    session.sentInBundle(xid, owner, count++);
    putAdd(writer, session, { xid, id, flags }, message);
    if (writer.at >= batch) await flush();
  }
  if (writer.at > 0) await flush();
  return count;
}

function putAdd(writer: Writer, { version }: OpenflowSession, { xid, id, flags }: { xid: number; id: number; flags: number }, message: Outgoing): void {
  const start = writer.at;
  putBundleHead(writer, version, xid, id, flags);
  if (message instanceof Uint8Array) {
    const inner = writer.at;
    writer.raw(message);
    writer.view.setUint32(inner + 4, xid);
  } else {
    putMessage(writer, message, version, xid);
  }
  writer.length16(start + 2, start, "bundle-add");
}

function named(error: OpenflowError, index: number, messages: Iterable<Outgoing>): OpenflowError {
  let at = 0;
  for (const message of messages) if (at++ === index) return error.naming(message, index);
  return error;
}
