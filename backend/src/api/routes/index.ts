// SPDX-License-Identifier: Apache-2.0
import type { Operation } from "../operation.ts";
import { deviceRoutes } from "./devices.ts";
import { enrolmentRoutes } from "./enrolment.ts";
import { eventRoutes } from "./events.ts";
import { gatewayRoutes } from "./gateways.ts";
import { healthRoutes } from "./health.ts";
import { keyRoutes } from "./keys.ts";
import { networkRoutes } from "./networks.ts";
import { policyRoutes } from "./policies.ts";
import type { Room } from "./room.ts";
import { sessionRoutes } from "./session.ts";
import { tokenRoutes } from "./tokens.ts";
import { userRoutes } from "./users.ts";

/** Every operation of the API, in the order of its description. */
export function operations(room: Room): Operation[] {
  return [sessionRoutes, userRoutes, tokenRoutes, networkRoutes, policyRoutes, gatewayRoutes, enrolmentRoutes, deviceRoutes, eventRoutes, keyRoutes, healthRoutes].flatMap((routes) => routes(room));
}
