// SPDX-License-Identifier: Apache-2.0
// The published JSON Schemas of the wire, from the shapes that check it. Not part of what the access point loads.
import { documentShapes } from "./document-shapes.ts";
import { messageShapes } from "./message-shapes.ts";
import type { Shape } from "./shape.ts";

const DRAFT = "https://json-schema.org/draft/2020-12/schema";

function published(id: string, title: string, description: string, shapes: Record<string, Shape>): Record<string, unknown> {
  return { $schema: DRAFT, $id: id, title, description, oneOf: Object.keys(shapes).map((name) => ({ $ref: `#/$defs/${name}` })), $defs: Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, { title: name, ...shape.schema }])) };
}

export const documentsSchema = published("documents-1.json", "Securebox documents, version 1",
  "Signed orders of a backend to a gateway. Unknown fields are ignored unless `critical` names them.", documentShapes);
export const messagesSchema = published("messages-1.json", "Securebox messages, version 1",
  "Envelopes with their bodies, between gateway and backend over MQTT. Unknown fields are ignored.", messageShapes);
