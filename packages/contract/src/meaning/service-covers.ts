// SPDX-License-Identifier: Apache-2.0
// Whether a service of a rule names what a flow carries.
import { prefixHolds } from "../address.ts";
import { patternCovers } from "../dns-pattern.ts";
import type { ServiceTerm } from "../policy.ts";
import { parseService } from "../service.ts";
import type { Endpoint, Flow } from "./decide.ts";

type FlowTo = Flow & { to: Endpoint };

export function isDiscovery({ protocol }: Flow): boolean {
  return protocol === "mdns" || protocol === "ssdp";
}

/** A text that is no service covers nothing. */
export function serviceCovers(text: string, question: FlowTo): boolean {
  const term = parseService(text);
  return term.ok && termCovers(term.value, question);
}

function termCovers(term: ServiceTerm, question: FlowTo): boolean {
  if (term.kind === "all") return true;
  if (term.kind === "discovery") return term.protocol === question.protocol;
  // Unicast udp/5353 is not discovery, and "udp" does not open multicast.
  if (isDiscovery(question)) return false;
  if (term.protocol !== undefined && term.protocol !== question.protocol) return false;
  return portsCover(term.ports, question) && remoteCovers(term, question.to);
}

function portsCover(ports: { first: number; last: number } | undefined, { protocol, port }: Flow): boolean {
  if (!ports) return true;
  const hasPorts = protocol === "tcp" || protocol === "udp";
  return hasPorts && port !== undefined && port >= ports.first && port <= ports.last;
}

function remoteCovers(term: Extract<ServiceTerm, { kind: "traffic" }>, to: Endpoint): boolean {
  if (term.prefix === undefined && term.name === undefined) return true;
  if (to.kind !== "internet") return false;
  if (term.prefix !== undefined) return to.address !== undefined && prefixHolds(term.prefix, to.address);
  return (to.names ?? []).some((name) => patternCovers(term.name!, name));
}
