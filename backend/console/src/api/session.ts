// SPDX-License-Identifier: Apache-2.0
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Me, Role } from "./api.ts";

const RANK: Record<Role, number> = { viewer: 0, operator: 1, administrator: 2 };

export const Session = createContext<Me>({ name: "", kind: "user", role: "viewer" });

/** Who is signed in, and whether that is enough. Only for what the page offers: the backend checks everything itself. */
export function useSession(): { me: Me; may(role: Role): boolean; /** Administrator of all networks. */ everywhere: boolean } {
  const me = useContext(Session);
  const may = (role: Role): boolean => RANK[me.role] >= RANK[role];
  return { me, may, everywhere: may("administrator") && me.networks === undefined };
}
