// SPDX-License-Identifier: Apache-2.0
// A fleet in memory, for what is about HTTP alone: it keeps no promises of the real one but its shapes.
import { parsePolicy, type Policy } from "@securebox/contract";
import {
  RequestError, type AuditRow, type DeviceRow, type DryRun, type EventRow, type Fleet, type GatewayRow, type LiveEvent, type NetworkRow, type PolicyVersion, type VerdictRow,
} from "../../src/ports.ts";

const STAMP = "2026-11-23T08:00:00.000Z";

export class FakeFleet implements Fleet {
  readonly known = new Map<string, NetworkRow>();
  readonly versions: PolicyVersion[] = [];
  readonly rows: GatewayRow[] = [];
  readonly happened: EventRow[] = [];
  readonly written: AuditRow[] = [];
  readonly given: VerdictRow[] = [];
  emit: (event: LiveEvent) => void = () => undefined;

  async networks(): Promise<NetworkRow[]> { return [...this.known.values()]; }
  async network(name: string): Promise<NetworkRow> {
    const found = this.known.get(name);
    if (!found) throw new RequestError(404, `there is no network "${name}"`);
    return found;
  }
  async createNetwork(_actor: unknown, name: string, title: string): Promise<NetworkRow> {
    if (this.known.has(name)) throw new RequestError(409, `there is a network "${name}" already`);
    this.known.set(name, { name, title, settings: {}, policyVersion: 0, created: STAMP });
    return this.network(name);
  }
  async changeNetwork(_actor: unknown, name: string, change: Partial<NetworkRow>): Promise<NetworkRow> {
    const changed = Object.assign(await this.network(name), change);
    this.emit({ kind: "network", network: name });
    return changed;
  }
  async removeNetwork(_actor: unknown, name: string): Promise<void> { this.known.delete((await this.network(name)).name); }

  async policy(network: string, version?: number): Promise<PolicyVersion | undefined> {
    return this.versions.findLast((row) => row.network === network && (version === undefined || row.version === version));
  }
  async history(network: string, page: { before?: number; limit: number }): Promise<PolicyVersion[]> {
    return this.versions.filter((row) => row.network === network && row.version < (page.before ?? Infinity)).reverse().slice(0, page.limit);
  }
  async dryRun(network: string, text: string): Promise<DryRun> {
    const result = parsePolicy(text);
    const current = (await this.policy(network))?.text ?? "";
    return { valid: result.ok, problems: result.ok ? [] : result.problems, warnings: [], unenforced: [], diff: current === text ? "" : `-${current}\n+${text}\n`, changes: [], total: 0, cut: [], gateways: this.rows.length };
  }
  async pushPolicy(actor: { name: string }, network: string, text: string, reason: string, expected?: number): Promise<PolicyVersion> {
    const row = await this.network(network);
    if (expected !== undefined && expected !== row.policyVersion) throw new RequestError(409, `the newest version is ${row.policyVersion}, not ${expected}`, { version: row.policyVersion });
    const result = parsePolicy(text);
    if (!result.ok) throw new RequestError(422, "the policy is not valid", { problems: result.problems });
    const made = { network, version: ++row.policyVersion, text, policy: result.policy as Policy, digest: "d".repeat(64), author: actor.name, reason, created: new Date().toISOString() };
    this.versions.push(made);
    this.emit({ kind: "policy", network, version: made.version });
    return made;
  }
  async rollback(actor: { name: string }, network: string, version: number, reason: string): Promise<PolicyVersion> {
    const old = await this.policy(network, version);
    if (!old) throw new RequestError(404, `no version ${version}`);
    return Object.assign(await this.pushPolicy(actor, network, old.text, reason), { rolledBackFrom: version });
  }

  async gateways(network?: string): Promise<GatewayRow[]> { return this.rows.filter((row) => network === undefined || row.network === network); }
  async gateway(id: string): Promise<GatewayRow> {
    const found = this.rows.find((row) => row.id === id);
    if (!found) throw new RequestError(404, `there is no gateway "${id}"`);
    return found;
  }
  async enrolled(): Promise<void> { throw new Error("not of the fake"); }
  async renewed(): Promise<void> { throw new Error("not of the fake"); }
  async changeGateway(_actor: unknown, id: string, change: { title?: string }): Promise<GatewayRow> { return Object.assign(await this.gateway(id), change); }
  async revokeGateway(_actor: unknown, id: string): Promise<void> { (await this.gateway(id)).state = "revoked"; }
  async removeGateway(_actor: unknown, id: string): Promise<void> {
    const { state, network } = await this.gateway(id);
    if (state === "enrolled") throw new RequestError(409, `gateway "${id}" is enrolled: revoke it first`);
    this.rows.splice(this.rows.findIndex((row) => row.id === id), 1);
    this.emit({ kind: "gateway", network, gateway: id });
  }
  async isAccepted(): Promise<boolean> { return true; }

  async devices(network: string): Promise<DeviceRow[]> {
    return [{ network, mac: "02:00:00:00:00:11", gateway: "attic", port: "wlan0", addresses: [], groups: [], quarantined: false, blocked: false, associated: true, firstSeen: STAMP, lastSeen: STAMP }];
  }
  async events(filter: { network?: string; before?: number; limit: number }): Promise<EventRow[]> {
    return this.happened.filter((row) => (filter.network ?? row.network) === row.network && row.id < (filter.before ?? Infinity)).sort((a, b) => b.id - a.id).slice(0, filter.limit);
  }
  async verdicts(network: string): Promise<VerdictRow[]> { return this.given.filter((row) => row.network === network); }
  async addVerdict(actor: { name: string }, verdict: Omit<VerdictRow, "id" | "created" | "author">): Promise<VerdictRow> {
    const made = { ...verdict, id: this.given.length + 1, created: STAMP, author: actor.name };
    this.given.push(made);
    return made;
  }
  async removeVerdict(_actor: unknown, id: number): Promise<void> { this.given.splice(this.given.findIndex((row) => row.id === id), 1); }
  async take(): Promise<void> { throw new Error("not of the fake"); }
  async planRecovery(): Promise<never> { throw new RequestError(409, "nothing to recover in this fake"); }
  async recoverKeys(): Promise<never> { return this.planRecovery(); }
  async keysChanged(): Promise<void> { this.emit({ kind: "audit" }); }
  async resynchronise(): Promise<void> { throw new Error("not of the fake"); }
  async audit(filter: { network?: string; before?: number; limit: number }): Promise<AuditRow[]> {
    return this.written.filter((row) => (filter.network ?? row.network) === row.network && row.id < (filter.before ?? Infinity)).sort((a, b) => b.id - a.id).slice(0, filter.limit);
  }
  async record(entry: Omit<AuditRow, "id" | "at">): Promise<void> { this.written.push({ ...entry, id: this.written.length + 1, at: STAMP }); }
}
