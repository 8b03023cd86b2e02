// SPDX-License-Identifier: Apache-2.0
// On how many gateways the newest version is in force: what a person asks after a push.
import { Link } from "wouter-preact";
import { api } from "../api/api.ts";
import { useResource } from "../api/resource.ts";
import { plural } from "../ui/basics.tsx";

export function Rollout({ network, version }: { network: string; version: number }) {
  const { data } = useResource(`rollout ${network}`, () => api.gateways(network), (event) => (event.kind === "gateway" || event.kind === "policy") && event.network === network);
  // The line is there from the beginning: what comes later must not move the editor.
  if (!data) return <p class="muted">{"\u00a0"}</p>;
  const enrolled = data.filter(({ state }) => state === "enrolled");
  const there = enrolled.filter(({ reported }) => reported?.desired?.version === version);
  return (
    <p class="muted">
      {enrolled.length === 0 ? <>Nothing enforces it yet: <Link href={`/networks/${network}/gateways`}>no gateway has enrolled</Link></> : (
        <>In force on <Link href={`/networks/${network}/gateways`}>{there.length} of {plural(enrolled.length, "gateway")}</Link></>)}
    </p>
  );
}
