// SPDX-License-Identifier: Apache-2.0
import type { Answers, AskQuestion } from "@securebox/contract";
import type { Incoming, Room } from "./take.ts";
import { tell, tryTo } from "./tell.ts";

/** A gateway decides by its fallback after 200 ms: what takes longer than this helps nobody. */
const DEADLINE = 150;

/** Answers what is decided in time; for the rest the gateway has its fallback. */
export async function takeAsk(room: Room, incoming: Incoming<"ask">): Promise<void> {
  const { envelope, gateway, arrived } = incoming;
  if (incoming.retained || (envelope.expires !== undefined && envelope.expires < arrived)) return;
  const answers: Answers["answers"] = [];
  const answering = Promise.all(envelope.body.questions.map(async (question) => {
    const answer = await answerOf(room, incoming, question);
    if (answer) answers.push(answer);
  }));
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([answering, new Promise((resolve) => { timer = setTimeout(resolve, DEADLINE); })]).finally(() => clearTimeout(timer));
  if (answers.length > 0) await tryTo(room, gateway, "answers", () => tell(room, incoming, "answers", { answers: [...answers] }));
}

async function answerOf({ context }: Room, { network, gateway, envelope }: Incoming<"ask">, question: AskQuestion): Promise<Answers["answers"][number] | undefined> {
  try {
    const { verdict, lifetime, reason } = await context.verdicts.decide(network, gateway, question, envelope.body.version);
    return { id: question.id, verdict, lifetime, ...(reason !== undefined && { reason: reason.slice(0, 500) }) };
  } catch (error) {
    context.log("warn", "verdict.failed", { gateway, error: (error as Error).message });
    return undefined;
  }
}
