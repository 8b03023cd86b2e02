// SPDX-License-Identifier: Apache-2.0
// Held packets by their reason.
import type { Millis } from "quickjs-ts";
import type { Handler, Handling } from "./dispatcher.ts";
import { fallBack, handleFlow, questionOf, type FlowParts } from "./flows.ts";
import type { HeldFrame } from "./frame.ts";
import { handleName, type NameParts } from "./names.ts";
import { handleSolicitation, type NeighbourParts } from "./neighbours.ts";
import { handleAlive, handleDhcp, handleSender, type SenderParts } from "./senders.ts";

export type HandlerParts = SenderParts & NameParts & NeighbourParts & FlowParts;

export class ReasonHandler implements Handler {
  readonly #parts: HandlerParts;

  constructor(parts: HandlerParts) {
    this.#parts = parts;
  }

  handle(frame: HeldFrame, now: Millis): Handling {
    switch (frame.reason) {
      case "station": case "moved": case "binding": return handleSender(this.#parts, frame, now);
      case "alive": return handleAlive(this.#parts, frame, now);
      case "solicited": return handleSolicitation(this.#parts, frame);
      case "dhcp": return handleDhcp(this.#parts, frame, now);
      case "dns": return handleName(this.#parts, frame, now);
      case "flow": case "reply": return handleFlow(this.#parts, frame, now);
    }
  }

  /** The rule's fallback decides on flows; what nobody told of (a station, an answer) is dropped. */
  late(frame: HeldFrame): Handling {
    const question = frame.reason === "flow" || frame.reason === "reply" ? questionOf(frame) : undefined;
    return question ? fallBack(this.#parts, question) : { act: "drop" };
  }
}
