// SPDX-License-Identifier: Apache-2.0
// The backend's REST API, as far as the console uses it. Shapes are those of backend/src/ports.ts.
import type { Problem, PublicKey, Settings } from "@securebox/contract";
import type { AuditRow, DeviceRow, DryRun, EnrolmentRequest, EventRow, GatewayRow, NetworkRow, PolicyVersion, Role, VerdictRow } from "../../../src/ports.ts";
import { queryOf, request } from "./client.ts";

export type { PublicKey, Settings };
export type { AuditRow, DeviceRow, DryRun, EnrolmentRequest, EventRow, GatewayRow, NetworkRow, PolicyVersion, Problem, Role, VerdictRow };
export interface Me { name: string; kind: "user" | "token"; role: Role; networks?: string[] }
export interface UserRow { name: string; role: Role; networks?: string[]; created: string }
export interface TokenRow { id: number; title: string; owner?: string; role: Role; networks?: string[]; created: string; expires?: string; used?: string; revoked?: string }
export type PolicyHead = Omit<PolicyVersion, "policy" | "text">;
export type NewVerdict = Pick<VerdictRow, "device" | "remote" | "protocol" | "port" | "kind" | "verdict" | "reason" | "lifetime" | "expires">;
/** `next` is there when there is more: to be given as `before`. */
export interface Page<Row> { items: Row[]; next?: number }

const get = <T>(path: string): Promise<T> => request("GET", path);
const list = async <Row>(path: string): Promise<Row[]> => (await request<Page<Row>>("GET", path)).items;
const post = <T>(path: string, body: unknown = {}): Promise<T> => request("POST", path, body);
const remove = (path: string): Promise<void> => request("DELETE", path);
const of = (network: string): string => `/networks/${encodeURIComponent(network)}`;
const gatewayPath = (id: string): string => `/gateways/${encodeURIComponent(id)}`;

export const api = {
  me: () => get<Me>("/me"),
  signIn: (name: string, password: string) => post<Me>("/session", { name, password }),
  signOut: () => remove("/session"),
  changeOwnPassword: (current: string, password: string) => request<void>("PUT", "/me/password", { current, password }),

  networks: () => list<NetworkRow>("/networks"),
  network: (name: string) => get<NetworkRow>(of(name)),
  addNetwork: (name: string, title: string) => post<NetworkRow>("/networks", { name, title }),
  changeNetwork: (name: string, change: { title?: string; settings?: Settings }) => request<NetworkRow>("PATCH", of(name), change),
  removeNetwork: (name: string) => remove(of(name)),

  policy: (network: string) => get<PolicyVersion>(`${of(network)}/policy`),
  policyVersion: (network: string, version: number) => get<PolicyVersion>(`${of(network)}/policy/history/${version}`),
  history: (network: string, before?: number) => get<Page<PolicyHead>>(`${of(network)}/policy/history${queryOf({ before, limit: 50 })}`),
  dryRun: (network: string, text: string) => post<DryRun>(`${of(network)}/policy/dry-run`, { text }),
  /** `expected` 0: there is no policy yet. */
  push: (network: string, text: string, reason: string, expected: number) => request<PolicyVersion>("PUT", `${of(network)}/policy`, { text, reason, expected }),
  rollback: (network: string, version: number, reason: string) => post<PolicyVersion>(`${of(network)}/policy/rollback`, { version, reason }),

  allGateways: () => list<GatewayRow>("/gateways"),
  gateways: (network: string) => list<GatewayRow>(`${of(network)}/gateways`),
  gateway: (id: string) => get<GatewayRow>(gatewayPath(id)),
  nameGateway: (id: string, title: string) => request<GatewayRow>("PATCH", gatewayPath(id), { title }),
  removeGateway: (id: string) => remove(gatewayPath(id)),
  revoke: (id: string, reason: string) => post<void>(`${gatewayPath(id)}/revoke`, { reason }),
  makeEnrolmentToken: (network: string, options: { gateway?: string; title?: string; lifetime?: number }) =>
    post<{ token: string; gateway: string; expires: string }>(`${of(network)}/enrolment-tokens`, options),
  enrolmentRequests: () => list<EnrolmentRequest>("/enrolment-requests"),
  decide: (id: string, approve: boolean) => post<void>(`/enrolment-requests/${encodeURIComponent(id)}/${approve ? "approve" : "reject"}`),

  devices: (network: string) => list<DeviceRow>(`${of(network)}/devices`),
  verdicts: (network: string) => list<VerdictRow>(`${of(network)}/verdicts`),
  addVerdict: (network: string, verdict: NewVerdict) => post<VerdictRow>(`${of(network)}/verdicts`, verdict),
  removeVerdict: (network: string, id: number) => remove(`${of(network)}/verdicts/${id}`),

  events: (filter: { network?: string; gateway?: string; level?: string; before?: number; limit?: number }) => get<Page<EventRow>>(`/events${queryOf(filter)}`),
  audit: (filter: { network?: string; before?: number; limit?: number }) => get<Page<AuditRow>>(`/audit${queryOf(filter)}`),

  keys: () => list<PublicKey>("/keys"),
  rotateKey: (revoke: boolean) => post<Page<PublicKey>>("/keys/rotate", { revoke }),
  tokens: () => list<TokenRow>("/tokens"),
  addToken: (wanted: { title: string; role: Role; networks?: string[]; days: number }) => post<TokenRow & { token: string }>("/tokens", wanted),
  removeToken: (id: number) => remove(`/tokens/${id}`),
  users: () => list<UserRow>("/users"),
  addUser: (wanted: { name: string; password: string; role: Role; networks?: string[] }) => post<UserRow>("/users", wanted),
  setPassword: (name: string, password: string) => request<void>("PUT", `/users/${encodeURIComponent(name)}/password`, { password }),
  removeUser: (name: string) => remove(`/users/${encodeURIComponent(name)}`),
};
