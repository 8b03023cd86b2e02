// SPDX-License-Identifier: Apache-2.0
// Whether a server is the right one to talk to: the _Server database (ovsdb-server(7), section 4.1.3 and _Server's own schema) tells of each database
// whether its server is connected to the cluster, and whether it leads.
import type { DatabaseSchema, Row } from "./types.ts";

const optional = { min: 0, max: 1, mutable: false } as const;
const one = { min: 1, max: 1, mutable: false } as const;

/** The part of the _Server schema that is watched. */
export const serverSchema: DatabaseSchema = {
  name: "_Server",
  version: "",
  tables: {
    Database: {
      isRoot: true,
      indexes: [["name"]],
      columns: {
        name: { key: "string", ...one },
        model: { key: "string", ...one },
        connected: { key: "boolean", ...one },
        leader: { key: "boolean", ...one },
        cid: { key: "uuid", ...optional },
        sid: { key: "uuid", ...optional },
      },
    },
  },
};

export const serverTables = { Database: { columns: Object.keys(serverSchema.tables["Database"]!.columns) } };

/** Why the server must not be used for `database`; undefined when it may. A standalone database is connected and leads, always. */
export function unfit(rows: Iterable<Row>, database: string, leaderOnly: boolean): string | undefined {
  for (const row of rows) {
    if (row["name"] !== database) continue;
    if (row["connected"] !== true) return `${database}: the server is not connected to its cluster`;
    return leaderOnly && row["leader"] !== true ? `${database}: the server is not the leader` : undefined;
  }
  return `${database}: the server does not have it`;
}
