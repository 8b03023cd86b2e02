// SPDX-License-Identifier: Apache-2.0
// What a value on the wire must look like, declared once: the check and the published JSON Schema come from the same declaration.

/** `message` begins with the path of the field. */
export class ShapeError extends Error {
  override readonly name = "ShapeError";
  constructor(readonly path: string, expected: string, found: unknown) {
    super(`${path === "" ? "" : `${path}: `}expected ${expected}, found ${describe(found)}`);
  }
}

export interface Shape {
  /** Throws ShapeError. Fields that the shape does not name are added to `ignored` by their path, at most 50. */
  check(value: unknown, path: string, ignored: string[]): void;
  readonly schema: Record<string, unknown>;
}

const MAX_IGNORED = 50;

export function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object") return value === null ? "null" : "an object";
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}

function simple(expected: string, schema: Record<string, unknown>, holds: (value: unknown) => boolean): Shape {
  return { schema, check(value, path) { if (!holds(value)) throw new ShapeError(path, expected, value); } };
}

export function text(max: number, min = 0): Shape {
  return simple(`a text of ${min} to ${max} characters`, { type: "string", minLength: min, maxLength: max }, (value) => typeof value === "string" && value.length >= min && value.length <= max);
}

export function pattern(expression: RegExp, expected: string): Shape {
  return simple(expected, { type: "string", pattern: expression.source }, (value) => typeof value === "string" && expression.test(value));
}

export function integer(min = 0, max = Number.MAX_SAFE_INTEGER): Shape {
  return simple(`a whole number from ${min} to ${max}`, { type: "integer", minimum: min, maximum: max }, (value) => Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max);
}

export const flag: Shape = simple("true or false", { type: "boolean" }, (value) => typeof value === "boolean");

export function oneOf(...values: readonly (string | number)[]): Shape {
  return simple(values.length === 1 ? JSON.stringify(values[0]) : `one of ${values.join(", ")}`, { enum: values }, (value) => values.includes(value as string));
}

export function list(items: Shape, max: number): Shape {
  return {
    schema: { type: "array", items: items.schema, maxItems: max },
    check(value, path, ignored) {
      if (!Array.isArray(value) || value.length > max) throw new ShapeError(path, `a list of at most ${max}`, value);
      value.forEach((item, i) => items.check(item, `${path}[${i}]`, ignored));
    },
  };
}

export interface Optional { optional: Shape }
export const optional = (shape: Shape): Optional => ({ optional: shape });

export function object(fields: Record<string, Shape | Optional>): Shape {
  const entries = Object.entries(fields).map(([name, field]) => "optional" in field ? { name, shape: field.optional, required: false } : { name, shape: field, required: true });
  return {
    schema: { type: "object", properties: Object.fromEntries(entries.map(({ name, shape }) => [name, shape.schema])), required: entries.filter(({ required }) => required).map(({ name }) => name) },
    check(value, path, ignored) {
      if (typeof value !== "object" || value === null || Array.isArray(value)) throw new ShapeError(path, "an object", value);
      const record = value as Record<string, unknown>;
      for (const { name, shape, required } of entries) {
        const found = Object.hasOwn(record, name) ? record[name] : undefined;
        if (found !== undefined || required) shape.check(found, at(path, name), ignored);
      }
      for (const name of Object.keys(record)) if (!Object.hasOwn(fields, name) && ignored.length < MAX_IGNORED) ignored.push(at(path, name));
    },
  };
}

/** An object with any names, of scalars: the fields of an event. */
export function scalars(max: number, longest: number): Shape {
  return {
    schema: { type: "object", maxProperties: max, additionalProperties: { type: ["string", "number", "boolean"], maxLength: longest } },
    check(value, path) {
      if (typeof value !== "object" || value === null || Array.isArray(value)) throw new ShapeError(path, "an object", value);
      const entries = Object.entries(value);
      if (entries.length > max) throw new ShapeError(path, `at most ${max} fields`, `${entries.length} fields`);
      for (const [name, field] of entries) {
        if (!["string", "number", "boolean"].includes(typeof field) || String(field).length > longest) throw new ShapeError(at(path, name), `a text of at most ${longest} characters, a number, true or false`, field);
      }
    },
  };
}

/** One of several objects, told by the text in its field `tag`. */
export function tagged(tag: string, shapes: Record<string, Shape>): Shape {
  const tags = Object.keys(shapes);
  return {
    schema: { oneOf: Object.values(shapes).map((shape) => shape.schema) },
    check(value, path, ignored) {
      const found = (value as Record<string, unknown> | null | undefined)?.[tag];
      const shape = typeof found === "string" && Object.hasOwn(shapes, found) ? shapes[found] : undefined;
      if (!shape) throw new ShapeError(at(path, tag), `one of ${tags.join(", ")}`, found);
      shape.check(value, path, ignored);
    },
  };
}

function at(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}
