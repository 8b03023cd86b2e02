// SPDX-License-Identifier: Apache-2.0
// The watched policy file. A valid text comes into force; an invalid one is reported and the old policy stays. A text counts only when
// the file was closed and then stood still for a moment, because half a YAML file often is a valid one.
import { hexadecimal, type Policy, type RuleLines } from "@securebox/contract";
import type { FileStatus, Millis, Platform, Timer, Watch } from "quickjs-ts";
import type { FileProblem, PolicyStatus } from "./control/protocol.ts";
import type { Log } from "./log.ts";
import type { ParsedPolicy } from "./policy-text.ts";
import type { StateDirectory } from "./state.ts";

/** The file must read the same at both ends of this span. Short: an edit is in force within 50 ms. */
const SETTLE: Millis = 5;
/** Looks at a file that keeps changing this often before it waits for the next change to be reported. */
const MAX_LOOKS = 400;
/** A larger file is refused unread. */
export const MAX_POLICY_BYTES = 1024 * 1024;
/** The last valid text, in the state directory: in force after a restart while the file is invalid. */
const LAST_VALID = "policy.yaml";

export type ParsePolicy = (text: string) => ParsedPolicy;

type Machine = Pick<Platform, "files" | "timers" | "time" | "crypto">;

interface Look { text: string; status: FileStatus }

export class PolicyFile {
  readonly #machine: Machine;
  readonly #path: string;
  readonly #parse: ParsePolicy;
  readonly #state: StateDirectory;
  readonly #log: Log;
  /** Called when another policy is to be in force; `former` is the status until then. */
  changed: (policy: Policy, former: PolicyStatus) => void = () => {};
  /** Called once the first word about the policy is known, be it that there is none. */
  decided: () => void = () => {};
  /** Called when `status` says something else. */
  told: () => void = () => {};
  #known = false;
  #policy: Policy | undefined;
  #lines: RuleLines | undefined;
  #status: PolicyStatus;
  #watch: Watch | undefined;
  #timer: Timer | undefined;
  #closed = false;

  constructor(machine: Machine, path: string, parse: ParsePolicy, state: StateDirectory, log: Log) {
    this.#machine = machine;
    this.#path = path;
    this.#parse = parse;
    this.#state = state;
    this.#log = log;
    this.#status = { path, source: "none", groups: 0, rules: 0, quarantined: 0, errors: [], warnings: [], unenforced: [] };
  }

  get policy(): Policy | undefined { return this.#policy; }
  /** Whether the first word is known. */
  get known(): boolean { return this.#known; }
  /** Lines of the text in force, for explanations. */
  get lines(): RuleLines | undefined { return this.#lines; }
  get status(): PolicyStatus { return this.#status; }

  /** Puts the last valid policy in force at once, then the file as soon as it stands still; then watches. */
  start(): void {
    const last = this.#state.load(LAST_VALID);
    if (last !== undefined) this.#restore(last);
    try {
      this.#watch = this.#machine.files.watch(this.#path, () => this.reload());
    } catch (error) {
      this.#log.error("policy file cannot be watched", { reason: (error as Error).message });
    }
    this.reload();
  }

  /** For good: whoever wants the file again opens another. */
  close(): void {
    this.#closed = true;
    this.#watch?.close();
    this.#timer?.cancel();
  }

  /** Looks at the file again: it changed, or somebody asked (SIGHUP). */
  reload(): void {
    if (this.#closed) return;
    this.#timer?.cancel();
    this.#settle(this.#look(), MAX_LOOKS);
  }

  #settle(before: Look | undefined, looks: number): void {
    if (!before) return;
    if (looks === 0) return this.#log.warn("policy file keeps changing", { path: this.#path });
    this.#timer = this.#machine.timers.after(SETTLE, () => {
      const now = this.#look();
      if (now && same(before, now)) this.#accept(now.text, "file");
      else this.#settle(now, looks - 1);
    });
  }

  /** undefined: the file cannot be read; reported. */
  #look(): Look | undefined {
    try {
      const status = this.#machine.files.status(this.#path);
      if (!status) this.#reject([{ field: "", message: "the file does not exist" }]);
      else if (status.size > MAX_POLICY_BYTES) this.#reject([{ field: "", message: `${status.size} bytes; at most ${MAX_POLICY_BYTES} are read` }]);
      else return { status, text: this.#machine.files.readText(this.#path) };
    } catch (error) {
      this.#reject([{ field: "", message: (error as Error).message }]);
    }
    return undefined;
  }

  #restore(text: string): void {
    if (this.#parse(text).policy) this.#accept(text, "last-valid");
  }

  #accept(text: string, source: "file" | "last-valid"): void {
    const digest = hexadecimal(this.#machine.crypto.sha256(new TextEncoder().encode(text)));
    if (digest === this.#status.digest) return this.#sameAgain(source);
    const { policy, lines, errors, warnings, unenforced } = this.#parse(text);
    if (!policy) return this.#reject(errors);
    this.#policy = policy;
    this.#lines = lines;
    const former = this.#status;
    const { path } = former;
    const since = new Date(this.#machine.time.date()).toISOString();
    this.#status = {
      path, source, network: policy.network, groups: Object.keys(policy.groups).length, rules: policy.rules.length,
      quarantined: policy.quarantine.length, since, digest, errors: [], warnings, unenforced,
    };
    this.#log.info("policy accepted", { source, network: policy.network, rules: policy.rules.length, digest: digest.slice(0, 12) });
    for (const item of unenforced) this.#log.warn("policy construct not enforced yet", { field: item.path, line: item.line, reason: item.reason });
    if (source === "file") this.#state.save(LAST_VALID, () => text);
    this.changed(policy, former);
    this.#decide();
  }

  #decide(): void {
    if (this.#known) return;
    this.#known = true;
    this.decided();
  }

  /** The text in force was written again, or an invalid edit was taken back. */
  #sameAgain(source: "file" | "last-valid"): void {
    if (this.#status.errors.length > 0) this.#log.info("policy file valid again", { path: this.#path });
    this.#status = { ...this.#status, source, errors: [] };
    this.told();
  }

  #reject(errors: FileProblem[]): void {
    const first = errors[0];
    const source = this.#policy ? "last-valid" : "none";
    this.#status = { ...this.#status, source, errors };
    this.told();
    this.#log.error("policy file invalid", {
      path: this.#path, line: first?.line, field: first?.field || undefined, reason: first?.message, errors: errors.length,
      "in-force": this.#policy ? "the last valid policy" : "deny everything",
    });
    this.#decide();
  }
}

function same(before: Look, now: Look): boolean {
  return before.status.inode === now.status.inode && before.status.modified === now.status.modified && before.text === now.text;
}
