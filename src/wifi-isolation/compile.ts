// SPDX-License-Identifier: Apache-2.0
// Flows by part. A part is named by its key ("device/7", "clause/...") and is a function of the view; no two parts have a flow of the same
// table, priority and match.
import type { Flow } from "node-openvswitch/openflow";
import { cookieOf } from "./cookie.ts";
import type { Tree } from "./discovery-rules.ts";
import { bindingDeviceFlows, bindingFlows, cutBindingFlows } from "./parts/binding.ts";
import { deliverFlows, openedDeviceFlows } from "./parts/deliver.ts";
import { destinationDeviceFlows, destinationFlows, ownAddressesOnly } from "./parts/destination.ts";
import { copyDeviceFlows, fanoutFlows } from "./parts/fanout.ts";
import { discoveryDeviceFlows, groupFlows, leaseDeviceFlows, requestDeviceFlows, requestFlows } from "./parts/group.ts";
import { holdDeviceFlows, holdFlows } from "./parts/hold.ts";
import { conntrackFlows, nameFlows } from "./parts/names.ts";
import { answerFlows, dispatchFlows, neighbourDeviceFlows, neighbourFlows, pairFlows, replyFlows, upstreamPairFlows } from "./parts/neighbour.ts";
import { clauseFlows, dnsFlows, policyFlows } from "./parts/policy.ts";
import { guardFlows, ingressFlows, upstreamDeviceFlows, upstreamFlows, uplinkFlows } from "./parts/ports.ts";
import { sourceDeviceFlows, sourceFlows } from "./parts/source.ts";
import { verdictFlows } from "./parts/verdict.ts";
import { thinDeviceFlows, thinEdgeFlows } from "./thin-edge/flows.ts";
import { viewDevice, type View } from "./view.ts";

/** The flows of a part; none when its subject is not there. */
export function* compilePart(view: View, key: string): Generator<Flow> {
  const slash = key.indexOf("/");
  const kind = slash < 0 ? key : key.slice(0, slash);
  const subject = key.slice(slash + 1);
  switch (kind) {
    case "static": return yield* staticFlows(view);
    case "device": return yield* deviceFlows(view, Number(subject));
    case "fanout": return yield* fanoutPart(view, subject);
    case "name": return yield* nameFlows(view, subject, cookieOf("name", subject));
    case "clause": return yield* clausePart(view, subject);
    case "pair": return yield* pairPart(view, subject);
    case "dns": return yield* dnsPart(view, subject);
    case "verdict": return yield* verdictPart(view, subject);
    default: throw new RangeError(`no such part: ${key}`);
  }
}

function* staticFlows({ site, program }: View): Generator<Flow> {
  const cookie = cookieOf("static");
  yield* ingressFlows(site, cookie);
  yield* sourceFlows(site, cookie);
  yield* upstreamFlows(site, cookie);
  yield* guardFlows(cookie);
  yield* bindingFlows(site, cookie);
  yield* dispatchFlows(site, cookie);
  yield* neighbourFlows(site, cookie);
  yield* upstreamPairFlows(cookie);
  yield* answerFlows(site, cookie);
  yield* replyFlows(site, cookie);
  yield* groupFlows(site, program, cookie);
  yield* requestFlows(cookie);
  yield* destinationFlows(site, cookie);
  yield* conntrackFlows(cookie);
  yield* policyFlows(site, cookie);
  yield* deliverFlows(cookie);
  yield* uplinkFlows(site, cookie);
  yield* holdFlows(site, cookie);
  yield* thinEdgeFlows(site, cookie);
}

function* deviceFlows(view: View, id: number): Generator<Flow> {
  const known = view.device(id);
  const device = known && viewDevice(view, known);
  if (!device) return;
  const cookie = cookieOf("device", id);
  yield* sourceDeviceFlows(device, cookie);
  yield* upstreamDeviceFlows(device, cookie);
  yield* requestDeviceFlows(device, cookie);
  yield* leaseDeviceFlows(device, cookie);
  yield* holdDeviceFlows(device, cookie);
  yield* openedDeviceFlows(device, cookie);
  yield ownAddressesOnly(device, cookie);
  if (device.cut) return yield* cutBindingFlows(device, cookie);
  yield* bindingDeviceFlows(device, cookie);
  yield* neighbourDeviceFlows(device, cookie);
  yield* copyDeviceFlows(device, cookie);
  yield* discoveryDeviceFlows(device, cookie);
  yield* destinationDeviceFlows(view.site, device, cookie);
  yield* thinDeviceFlows(view.site, device, cookie);
}

function* fanoutPart(view: View, subject: string): Generator<Flow> {
  const [level, index, ...rest] = subject.split("/");
  const tree = view.program.trees.get(rest.join("/"));
  if (tree) yield* fanoutFlows(view, tree, Number(level), Number(index), cookieOf("fanout", tree.id));
}

export function fanoutKey(tree: Tree, level: number, index: number): string {
  return `fanout/${level}/${index}/${tree.key}`;
}

function* clausePart(view: View, key: string): Generator<Flow> {
  const clause = view.program.clauses.get(key);
  if (clause) yield* clauseFlows(clause, view.program, (mac) => view.idOf(mac), cookieOf("clause", key));
}

function* pairPart(view: View, key: string): Generator<Flow> {
  const ends = view.program.pairs.get(key);
  if (ends) yield* pairFlows(ends, (mac) => view.idOf(mac), cookieOf("pair", key));
}

function* dnsPart(view: View, key: string): Generator<Flow> {
  const end = view.program.dnsEnds.get(key);
  if (end) yield* dnsFlows(view.site, end, (mac) => view.idOf(mac), cookieOf("dns", key));
}

function* verdictPart(view: View, key: string): Generator<Flow> {
  const verdict = view.verdict(key);
  if (verdict) yield* verdictFlows(view, verdict, cookieOf("verdict", key));
}
