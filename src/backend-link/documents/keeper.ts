// SPDX-License-Identifier: Apache-2.0
/*
 * The documents that count here: the desired one, the keys that may sign, the revoked ones.
 *
 * A desired document goes: accepted by its signature and dates -> on flash, with the one before beside it -> enforced by the gateway -> told. Where enforcing
 * fails, the one before is put back on flash; where flash fails, nothing changes and writing is tried again. After a crash in between, the start enforces what
 * is on flash, and the one before if that fails.
 *
 * Keys and revocations need no date: a sequence number is enough against replay, and without them the signed time of a new key could not be believed.
 * Where the recovery key begins an epoch, what is in force stays until the first desired document of the new keys.
 */
import { beginsEpoch, decodeDocument, encodeDocument, epochOf, judgeDocument, type DocumentKind, type DocumentKnowledge, type DocumentRefusal as Reason, type Instant, type PublicKey, type Refusal, type SignedDocument, type Verifier } from "@securebox/contract";
import type { Millis } from "quickjs-ts";
import type { LinkClock } from "../clock.ts";
import type { LinkHost, LinkStore } from "../types.ts";
import { Refusals } from "./refusals.ts";
import { listedKeys, mayReplace, numberIn, withEnrolment, withKeys, withRevocation, type EnrolledKeys, type Kept } from "./trust.ts";

export type Channel = "desired" | "keys" | "revocation";
type Desired = SignedDocument<"desired">;

export interface KeeperParts {
  network: string;
  gateway: string;
  store: Pick<LinkStore, "documents" | "saveDocuments">;
  crypto: Verifier;
  clock: LinkClock;
  enforce: LinkHost["enforce"];
  /** Something that `reported` shows has changed. */
  changed(): void;
  /** What is in force was sent once more, not because we connected: our word of it did not come through. */
  unheard(): void;
  /** The recovery key began an epoch: times and numbers that were signed before may have been a thief's. */
  recovered(issued: Instant): void;
  event(level: "info" | "warn" | "error", event: string, fields: Record<string, string | number | undefined>): void;
  now(): Millis;
}

/** Between tries to write a document to a flash that refused it. */
export const STORE_RETRY: Millis = 10_000;

export class DocumentKeeper {
  readonly #parts: KeeperParts;
  readonly #refusals = new Refusals();
  #kept: Kept;
  #inForce: Desired | undefined;
  #ignored: string[] = [];
  /** The one that is being enforced, and the number of the try, so that only the last one's answer counts. */
  #candidate: Desired | undefined;
  #try = 0;
  /** The last one that could not be enforced: it is not tried with every delivery, which would wear the flash. */
  #rejected: Desired | undefined;
  /** What waits for the time to be known, or for a key: the newest of each channel. */
  readonly #parked = new Map<Channel, { bytes: Uint8Array; sequence: number }>();
  /** Accepted, but flash is full. */
  #unstored: { document: Desired; ignored: string[]; since: Millis } | undefined;
  #storeError: string | undefined;

  constructor(parts: KeeperParts) {
    this.#parts = parts;
    this.#kept = parts.store.documents();
  }

  get desired(): Desired | undefined { return this.#inForce; }
  /** Of the policy that is in force, or on its way into the switch. */
  get version(): number | undefined { return (this.#candidate ?? this.#inForce)?.body.version; }
  get refused(): Refusal | undefined { return this.#refusals.last; }
  get ignored(): readonly string[] { return this.#ignored; }
  /** Why the last document could not be written; undefined: it could. */
  get storeError(): string | undefined { return this.#storeError; }
  get keys(): PublicKey[] {
    return listedKeys(this.#kept).filter((key) => !this.#kept.revoked.includes(key.id));
  }
  get epoch(): number { return epochOf(this.#kept); }
  /** Of the document in force, if it counts in this epoch. */
  get desiredNumber(): number | undefined { return numberIn(this.#kept, this.#inForce); }
  sequence(kind: DocumentKind): number | undefined { return this.#kept.sequences[kind]; }
  get parked(): number { return this.#parked.size; }

  /** Puts the kept document in force, whatever its dates: expiry limits acceptance, not enforcement. */
  start(): void {
    const { desired, previous } = this.#kept;
    if (desired) this.#enforceKept(desired, previous);
  }

  /** Its digest is checked again, for the flash's sake, and what was ignored of it is found again. */
  #enforceKept(document: Desired, before: Desired | undefined): void {
    const decoded = decodeDocument(this.#parts.crypto, encodeDocument(document));
    if (decoded.ok) return this.#enforce(document, decoded.ignored, before, false);
    this.#refuse(decoded.refusal);
    if (before) this.#enforceKept(before, undefined);
  }

  /** `retained`: it comes with a subscription. */
  take(channel: Channel, bytes: Uint8Array, retained = true): void {
    const { crypto } = this.#parts;
    const decoded = decodeDocument(crypto, bytes);
    if (!decoded.ok) return this.#refuse(decoded.refusal);
    const { document, ignored } = decoded;
    if (document.kind !== channel) return this.#refuse({ ...nameOf(document), code: "malformed", message: `kind: expected "${channel}" on this topic` });
    if (this.#isKnown(document)) return retained || !same(this.#inForce, document) ? undefined : this.#parts.unheard();
    const reason = judgeDocument(crypto, document, this.#knowledge(document));
    if (reason) return this.#refuseOrPark(channel, bytes, document, reason);
    this.#parked.delete(channel);
    if (!beginsEpoch(document, this.epoch)) this.#parts.clock.proved(document.issued, this.#parts.now());
    if (document.kind === "desired") this.#accept(document as Desired, ignored);
    else this.#trust(document as SignedDocument<"keys" | "revocation">);
  }

  /** Whether the signed time answers our nonce; it says itself what time it is. */
  takeTime(document: SignedDocument<"time">, nonce: string): boolean {
    const { crypto } = this.#parts;
    const decoded = decodeDocument(crypto, encodeDocument(document));
    if (!decoded.ok) return this.#refuseTime(decoded.refusal);
    const reason = judgeDocument(crypto, decoded.document, { ...this.#knowledge(document), now: document.body.now, notBefore: document.body.now });
    if (reason) return this.#refuseTime(reason);
    return document.body.nonce === nonce || this.#refuseTime({ kind: "time", code: "replayed", message: "body.nonce: not that of our hello" });
  }
  #refuseTime(reason: Reason): false {
    this.#refuse(reason);
    return false;
  }

  /** The time became known, or keys changed: judges again what waited for it. */
  retry(): void {
    const waiting = [...this.#parked];
    this.#parked.clear();
    for (const [channel, { bytes }] of waiting) this.take(channel, bytes);
  }

  /** The keys that came with a new certificate: what was signed by other ones counts no more. Where they go too far, those that we have stay. */
  trustAnew(enrolled: EnrolledKeys): void {
    if (mayReplace(this.#kept, enrolled)) this.#save(withEnrolment(this.#kept, enrolled));
    else this.#parts.event("warn", "keys of the new certificate not taken", { reason: "another epoch or recovery key than ours" });
    this.retry();
  }

  /** When `retryStore` is due; undefined: nothing waits for room on flash. */
  storeDue(): Millis | undefined {
    return this.#unstored && this.#unstored.since + STORE_RETRY;
  }

  retryStore(): void {
    const waiting = this.#unstored;
    if (!waiting || this.#parts.now() < waiting.since + STORE_RETRY) return;
    this.#unstored = undefined;
    this.#accept(waiting.document, waiting.ignored);
  }

  /** A retained document comes again with every subscription: no refusal, no work. */
  #isKnown(document: SignedDocument): boolean {
    switch (document.kind) {
      case "desired": return [this.#candidate, this.#inForce, this.#unstored?.document, this.#rejected].some((other) => same(other, document));
      case "keys": return same(this.#kept.keys, document);
      case "revocation": return this.#kept.sequences["revocation"] === document.sequence && (document as SignedDocument<"revocation">).body.keys.every((key) => this.#kept.revoked.includes(key));
      default: return false;
    }
  }

  #knowledge(document: SignedDocument): DocumentKnowledge {
    const { network, gateway, clock, now } = this.#parts;
    const notBefore = clock.notBefore(now());
    const dateless = document.kind !== "desired";
    const coming = document.kind === "desired" ? numberIn(this.#kept, this.#candidate ?? this.#unstored?.document) : undefined;
    return { network, gateway, keys: listedKeys(this.#kept), epoch: this.epoch, revoked: this.#kept.revoked, sequence: coming ?? this.#kept.sequences[document.kind], notBefore,
      now: clock.date(now()) ?? (dateless ? Math.max(notBefore, document.issued) : undefined) };
  }

  #refuseOrPark(channel: Channel, bytes: Uint8Array, document: SignedDocument, reason: Reason): void {
    const waits = reason.code === "time-unknown" || (reason.code === "unknown-key" && channel === "desired");
    if (waits && document.sequence >= (this.#parked.get(channel)?.sequence ?? -1)) this.#parked.set(channel, { bytes, sequence: document.sequence });
    if (reason.code !== "time-unknown") this.#refuse(reason);
  }

  #refuse(reason: Reason): void {
    const { clock, now, event, changed } = this.#parts;
    const added = this.#refusals.add(reason, clock.notBefore(now()), now());
    if (added.event) event("warn", "document refused", { kind: reason.kind, code: reason.code, reason: reason.message, sequence: reason.sequence, suppressed: added.suppressed || undefined });
    if (added.isNew) changed();
  }

  #accept(document: Desired, ignored: string[]): void {
    this.#unstored = undefined;
    const stored = this.#save({ ...this.#kept, desired: document, previous: this.#inForce, sequences: { ...this.#kept.sequences, desired: document.sequence } });
    if (stored) return this.#enforce(document, ignored, this.#inForce, true);
    this.#unstored = { document, ignored, since: this.#parts.now() };
    this.#parts.changed();
  }

  /** `isNew`: just accepted, so that what was refused before it is of no interest any more. */
  #enforce(document: Desired, ignored: string[], before: Desired | undefined, isNew: boolean): void {
    const attempt = ++this.#try;
    this.#candidate = document;
    this.#parts.enforce(document.body, ignored, (result) => {
      if (attempt !== this.#try) return;
      this.#try++;
      this.#candidate = undefined;
      if (result.ok && isNew) this.#refusals.clear();
      if (result.ok) this.#inForceNow(document, ignored);
      else this.#notEnforced(document, result.message, before);
    });
  }

  #inForceNow(document: Desired, ignored: string[]): void {
    this.#inForce = document;
    this.#ignored = ignored;
    this.#parts.event("info", "desired state in force", { sequence: document.sequence, version: document.body.version, digest: document.digest.slice(0, 16) });
    this.#parts.changed();
  }

  /** The one before is in force still, or was never put in force in this life of the program. */
  #notEnforced(document: Desired, message: string, before: Desired | undefined): void {
    this.#save({ ...this.#kept, desired: before, previous: undefined, sequences: { ...this.#kept.sequences, desired: numberIn(this.#kept, before) ?? -1 } });
    this.#rejected = document;
    this.#refuse({ ...nameOf(document), code: "policy", message });
    if (before && before !== this.#inForce) this.#enforceKept(before, undefined);
  }

  #trust(document: SignedDocument<"keys" | "revocation">): void {
    const begins = beginsEpoch(document, this.epoch);
    const stored = this.#save(document.kind === "keys" ? withKeys(this.#kept, document as SignedDocument<"keys">) : withRevocation(this.#kept, document as SignedDocument<"revocation">));
    // Not on flash: not counted either. The backend sees it by the sequence in the next hello, and publishes it again.
    if (!stored) return;
    const event = begins ? "keys recovered" : document.kind === "keys" ? "keys changed" : "keys revoked";
    this.#parts.event(begins ? "warn" : "info", event, { sequence: document.sequence, keys: document.body.keys.length, epoch: this.epoch || undefined });
    this.#parts.changed();
    if (begins) this.#begin(document.issued);
    else this.retry();
  }

  /** What waits may be a thief's; what is the backend's comes again with the next hello. */
  #begin(issued: Instant): void {
    this.#unstored = undefined;
    this.#parked.clear();
    this.#refusals.clear();
    this.#parts.recovered(issued);
  }

  #save(kept: Kept): boolean {
    try {
      this.#parts.store.saveDocuments(kept);
      this.#kept = kept;
      this.#storeError = undefined;
      return true;
    } catch (error) {
      const message = (error as Error).message;
      if (this.#storeError !== message) this.#parts.event("error", "document not stored", { reason: message });
      this.#storeError = message;
      return false;
    }
  }
}

const nameOf = (document: SignedDocument): Pick<Reason, "kind" | "sequence" | "digest"> => ({ kind: document.kind, sequence: document.sequence, digest: document.digest });
const same = (one: SignedDocument | undefined, other: SignedDocument): boolean => one?.kind === other.kind && one.sequence === other.sequence && one.digest === other.digest;
