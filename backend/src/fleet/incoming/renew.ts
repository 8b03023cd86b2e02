// SPDX-License-Identifier: Apache-2.0
import { RequestError } from "../../ports.ts";
import { writeAudit } from "../audit.ts";
import { committed } from "../context.ts";
import { renewed } from "../gateways.ts";
import type { Incoming, Room } from "./take.ts";
import { tell, tryTo } from "./tell.ts";

/** A new certificate for a gateway that proves, by the link, to have the one before. Asked too often: no answer. */
export async function takeRenew(room: Room, incoming: Incoming<"renew">): Promise<void> {
  const { context, renewals } = room;
  const { network, gateway, envelope, arrived } = incoming;
  if (incoming.retained || !renewals.allow(gateway, arrived)) return;
  try {
    const certificate = await context.pki.issueGateway(envelope.body.csr, gateway, network);
    await renewed(context, gateway, certificate);
    await tryTo(room, gateway, "certificate", () => tell(room, incoming, "certificate", { certificate: `${certificate.pem.trim()}\n${context.pki.caPem}` }));
  } catch (error) {
    renewals.forget(gateway);
    if (!(error instanceof RequestError)) throw error;
    const { message } = error;
    context.log("warn", "renewal.refused", { gateway, reason: message });
    await committed(context, (tx, announce) => writeAudit(tx, { actor: gateway, action: "gateway.renew", target: gateway, network, outcome: "refused", detail: { reason: message } }, announce));
  }
}
