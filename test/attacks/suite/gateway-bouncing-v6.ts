// SPDX-License-Identifier: Apache-2.0
import { ethernet, etherType } from "../../lab/packet.ts";
import type { Attack } from "../attack.ts";
import { anyOf, datagram, delivered } from "../evidence.ts";

export const gatewayBouncingV6: Attack = {
  slug: "gateway-bouncing-v6",
  needs: "a place on the network; a router that forwards within it, as routers do",
  gains: "reaches a station past the isolation of access points: the frame is for the router, the packet for the victim",
  stoppedBy: "destination: an address of the network is not behind the router's MAC address; upstream: nothing comes back from there with a station's address",
  run: (field) => anyOf(field, Object.fromEntries([field.victim, field.distant].map((to) =>
    [to.name, delivered(field.attacker, to, (nonce) => ethernet({ from: field.attacker.mac, to: field.router.mac }, etherType(to.v6), datagram(field.attacker.v6, to.v6, nonce)))]))),
};
