// SPDX-License-Identifier: Apache-2.0
/*
 * Answers the questions of gateways about flows and devices whose first packet is held. In this order: an operator's verdict, the most specific; the
 * network's newest policy; for a flow that the policy asks about and nobody decided, the rule's own fallback.
 *
 * A gateway believes an answer for its lifetime; a verdict that is added or removed meanwhile counts from the next question on.
 */
import type { AskQuestion } from "@securebox/contract";
import type { OwnLive } from "../live/index.ts";
import type { Database, Verdicts } from "../ports.ts";
import { byPolicy } from "./meaning.ts";
import { Networks, type NetworkKnowledge } from "./networks.ts";
import { bestRow, type FlowQuestion } from "./rows.ts";

type Answer = Awaited<ReturnType<Verdicts["decide"]>>;

/** How long a gateway may believe what the policy says, milliseconds. */
const BY_POLICY = 60_000;
/** And what was a fallback only: somebody may decide soon. */
const BY_FALLBACK = 30_000;
const MIN_LIFETIME = 1000;

export function createVerdicts({ database, live, now = Date.now }: { database: Database; live: Pick<OwnLive, "subscribe" | "onMissed">; now?: () => number }): Verdicts {
  const networks = new Networks(database, now);
  live.subscribe((event) => networks.take(event));
  live.onMissed(() => networks.forget());
  return {
    async decide(network, _gateway, question, atLeast) {
      const knowledge = await networks.get(network, atLeast);
      return byOperator(knowledge, question, now()) ?? (question.kind === "device" ? aboutDevice(knowledge, question.device) : aboutFlow(knowledge, question));
    },
  };
}

function byOperator({ rows }: NetworkKnowledge, question: AskQuestion, now: number): Answer | undefined {
  const row = bestRow(rows, question, now);
  if (!row) return undefined;
  const left = row.expires === undefined ? Infinity : Date.parse(row.expires) - now;
  return { verdict: row.verdict, lifetime: Math.max(MIN_LIFETIME, Math.min(row.lifetime * 1000, left)), reason: row.reason };
}

function aboutDevice({ policy }: NetworkKnowledge, device: string): Answer {
  if (policy?.quarantine.includes(device)) return { verdict: "deny", lifetime: BY_POLICY, reason: `${device} is in quarantine by the policy` };
  return { verdict: "allow", lifetime: BY_POLICY };
}

function aboutFlow({ policy, deviceAt }: NetworkKnowledge, question: FlowQuestion): Answer {
  if (!policy) return { verdict: "deny", lifetime: BY_FALLBACK, reason: "the network has no policy" };
  const { verdict, fallback = "deny", reason } = byPolicy(policy, question, (address) => deviceAt.get(address));
  if (verdict === "ask") return { verdict: fallback, lifetime: BY_FALLBACK, reason: `${reason}: nobody decided, its fallback holds` };
  return { verdict, lifetime: BY_POLICY, reason };
}
