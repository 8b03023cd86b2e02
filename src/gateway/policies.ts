// SPDX-License-Identifier: Apache-2.0
// Which policy is in force. An enrolled gateway that has taken a desired document enforces that; until its first one, and when it is not
// enrolled, the policy file; without either everything is denied. The file is not even read while the backend's policy counts: two masters
// would make what is in force depend on who spoke last, and a link that is cut would hand the network to a file that nobody maintains.
import { encodePolicy, hexadecimal, unenforced, validatePolicy, type Desired, type Policy, type RuleLines } from "@securebox/contract";
import type { Platform } from "quickjs-ts";
import { readPolicy } from "#reading";
import type { PolicyStatus } from "./control/protocol.ts";
import type { Log } from "./log.ts";
import { PolicyFile, type ParsePolicy } from "./policy-file.ts";
import { fitProblem, toFileProblem } from "./policy-fit.ts";
import type { Override } from "../wifi-isolation/index.ts";
import type { StateDirectory } from "./state.ts";

export interface PoliciesParts {
  platform: Pick<Platform, "files" | "timers" | "time" | "crypto" | "processes">;
  path: string;
  state: StateDirectory;
  log: Log;
  overrides(): readonly Override[];
  /** Puts a policy (undefined: deny everything) on its way into the switch. False: there is no switch now; `synchronised` tells later. */
  put(policy: Policy | undefined): Promise<boolean>;
  /** The first word about the policy is known. */
  decided(): void;
  /** What `status` or `proven` say may have changed. */
  changed(): void;
}

/** Told once, when the document is in force or why it never will be. Not told when a later one superseded it. */
export type Enforced = (result: { ok: true } | { ok: false; message: string }) => void;

interface Wanted { policy: Policy | undefined; lines?: RuleLines; status: PolicyStatus; enforced?: Enforced }

export class Policies {
  readonly #parts: PoliciesParts;
  #path: string;
  #file: PolicyFile;
  #desired: Wanted | undefined;
  /** What people are told while another policy is on its way into the switch. */
  #former: PolicyStatus | undefined;
  /** The status that belonged to the inputs of the synchronisation under way. */
  #compared: PolicyStatus | undefined;
  #proven: PolicyStatus | undefined;
  /** Waits for the file's first word after `release`. */
  #looked: (() => void) | undefined;
  /** Until what was put last is in force, or never will be. */
  #putting: Promise<void> = Promise.resolve();
  /** Counts policies put on their way; only the last one's end matters. */
  #turn = 0;

  constructor(parts: PoliciesParts) {
    this.#parts = parts;
    this.#path = parts.path;
    this.#file = this.#open();
  }

  get policy(): Policy | undefined { return this.#desired ? this.#desired.policy : this.#file.policy; }
  /** Lines of the file in force, for explanations. */
  get lines(): RuleLines | undefined { return this.#desired ? undefined : this.#file.lines; }
  /** Whether the first word is known. */
  get known(): boolean { return this.#desired !== undefined || this.#file.known; }
  get fromBackend(): boolean { return this.#desired !== undefined; }

  /** Of the policy in force; of the file's errors, now. */
  get status(): PolicyStatus {
    return this.#former ? { ...this.#former, errors: this.#wanted.errors } : this.#wanted;
  }

  /** Of the policy that the switch acknowledged last; undefined: none since the start. */
  get proven(): PolicyStatus | undefined { return this.#proven; }

  /** After `want`, if a document was kept: then the file is not opened at all. */
  start(): void {
    if (!this.#desired) this.#file.start();
  }

  close(): void {
    this.#file.close();
  }

  /** Somebody asked to look at the file again (SIGHUP). */
  reload(): void {
    if (this.#desired) this.#parts.log.info("policy file not read: the backend's policy is in force", { path: this.#path });
    else this.#file.reload();
  }

  /** Another file. What was in force stays until it says something valid. */
  setPath(path: string): void {
    if (path === this.#path) return;
    this.#path = path;
    if (this.#desired) return; // opened when the file counts again
    const former = this.#file;
    former.close();
    this.#file = this.#open();
    this.#file.start();
    if (!this.#file.policy) this.#enforce(former.status);
  }

  /** A desired document that the link took. What does not fit the pipeline is refused (false) and changes nothing. */
  want({ version, policy }: Desired, ignored: readonly string[], enforced: Enforced): boolean {
    const problem = fitProblem(policy, this.#parts.overrides());
    if (problem !== undefined) {
      enforced({ ok: false, message: problem });
      return false;
    }
    const former = this.status;
    this.#file.close();
    this.#desired = { policy, status: this.#desiredStatus(version, policy, ignored), enforced };
    const { network, rules, digest } = this.#desired.status;
    this.#parts.log.info("policy accepted", { source: "backend", version, network, rules, digest: digest?.slice(0, 12) });
    this.#enforce(former);
    this.#parts.decided();
    return true;
  }

  /** No backend any more: the file counts again. Resolves when it was looked at, and what it says is in force. */
  release(): Promise<void> {
    if (!this.#desired) return Promise.resolve();
    const looked = new Promise<void>((resolve) => { this.#looked = resolve; });
    const former = this.status;
    this.#desired = undefined;
    this.#file = this.#open();
    this.#file.start();
    // The file's first look takes some milliseconds; without a last valid text nothing stands behind the flows from now on.
    if (!this.#file.policy) this.#enforce(former);
    return looked.then(() => this.#putting);
  }

  /** The inputs of a synchronisation are being read: what it puts in force is this policy. */
  compared(): void {
    this.#compared = this.#wanted;
  }

  /** The flows of those inputs are in force. */
  synchronised(): void {
    if (this.#compared === this.#wanted) this.#inForce();
    else if (this.#compared) this.#prove(this.#compared);
  }

  get #wanted(): PolicyStatus { return this.#desired?.status ?? this.#file.status; }

  #open(): PolicyFile {
    const { platform, state, log } = this.#parts;
    const parse: ParsePolicy = (text) => {
      const parsed = readPolicy(platform, text);
      const problem = parsed.policy && fitProblem(parsed.policy, this.#parts.overrides());
      return problem === undefined ? parsed : { errors: [{ field: "", message: problem }], warnings: [], unenforced: [] };
    };
    const file = new PolicyFile(platform, this.#path, parse, state, log);
    file.changed = (_, former) => {
      this.#enforce(former);
      this.#look(file);
    };
    file.decided = () => this.#parts.decided();
    file.told = () => {
      this.#parts.changed();
      this.#look(file);
    };
    return file;
  }

  #look({ status }: PolicyFile): void {
    if (status.source === "file" || status.errors.length > 0) this.#looked?.();
  }

  #enforce(former: PolicyStatus): void {
    const { platform, log } = this.#parts;
    const start = platform.time.now();
    const turn = ++this.#turn;
    this.#former ??= former;
    this.#putting = this.#parts.put(this.policy).then((inForce) => {
      if (turn !== this.#turn) return;
      this.#former = undefined;
      if (!inForce) return this.#parts.changed();
      const { network, digest } = this.#wanted;
      log.info("policy enforced", { network, digest: digest?.slice(0, 12), took: `${Math.round(platform.time.now() - start)}ms` });
      this.#inForce();
    });
    this.#parts.changed();
  }

  #inForce(): void {
    const enforced = this.#desired?.enforced;
    if (this.#desired) this.#desired.enforced = undefined;
    this.#prove(this.#wanted);
    enforced?.({ ok: true });
  }

  #prove(status: PolicyStatus): void {
    this.#proven = status;
    this.#parts.changed();
  }

  #desiredStatus(version: number, policy: Policy, ignored: readonly string[]): PolicyStatus {
    const { platform } = this.#parts;
    const checked = validatePolicy(policy, { unknownFields: "ignore" });
    return {
      path: this.#path, source: "backend", version, network: policy.network, groups: Object.keys(policy.groups).length, rules: policy.rules.length,
      quarantined: policy.quarantine.length, since: new Date(platform.time.date()).toISOString(),
      digest: hexadecimal(platform.crypto.sha256(new TextEncoder().encode(encodePolicy(policy)))),
      errors: [], warnings: checked.ok ? checked.warnings.map(toFileProblem) : [],
      unenforced: unenforced(policy).map((item) => ({ path: item.field, reason: `${item.construct} ${item.value}: ${item.meaning}` })), ignored: [...ignored],
    };
  }
}
