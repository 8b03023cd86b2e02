// SPDX-License-Identifier: Apache-2.0
import type { Json } from "../../src/ovsdb/index.ts";

const many = { min: 0, max: "unlimited" } as const;
/** A small schema with every kind of column. */
export const testSchema: Json = {
  name: "Test",
  version: "1.0.0",
  tables: {
    Port: {
      isRoot: true,
      columns: {
        name: { type: "string", mutable: false },
        tag: { type: { key: { type: "integer", minInteger: 0, maxInteger: 4095 }, min: 0, max: 1 } },
        trunks: { type: { key: "integer", ...many } },
        interfaces: { type: { key: { type: "uuid", refTable: "Port" }, ...many } },
        external_ids: { type: { key: "string", value: "string", ...many } },
        bytes: { type: "integer" },
        ratio: { type: "real" },
        up: { type: "boolean" },
        mode: { type: { key: { type: "string", enum: ["set", ["access", "trunk"]] }, min: 0, max: 1 } },
      },
      indexes: [["name"]],
    },
  },
};
