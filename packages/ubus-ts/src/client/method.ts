// SPDX-License-Identifier: Apache-2.0
// Methods with declared arguments: what a handler gets has been checked, and its type follows from the declaration.
import { Double, Int16, Int8, type Table, type TypeName, type Value } from "../codec/index.ts";
import { setMember } from "../codec/blobmsg.ts";
import { isTable } from "../codec/value.ts";
import { StatusError } from "../session/errors.ts";
import type { Invocation } from "../session/invocation.ts";

interface Types {
  any: Value;
  array: Value[];
  table: Table;
  string: string;
  int64: bigint;
  int32: number;
  int16: number;
  bool: boolean;
  double: number;
}

/** A type, with "?" for an argument that may be missing. */
export type Declared = TypeName | `${TypeName}?`;
/** The arguments of a method by name. */
export type Policy = Record<string, Declared>;

type Of<D extends Declared> = D extends `${infer T extends TypeName}?` ? Types[T] | undefined : D extends TypeName ? Types[D] : never;
/** What a handler gets for a policy. */
export type Arguments<P extends Policy> = { [name in keyof P]: Of<P[name]> };

/** Who calls, and the way to answer in parts. */
export interface CallContext {
  /** The method's name; of a notification its own. */
  readonly method: string;
  /** Client id on the bus; 0 for an event. */
  readonly caller: number;
  /** Names by the caller's credentials (ACL); "" where the daemon sent none. */
  readonly user: string;
  readonly group: string;
  /** Nobody waits for an answer. */
  readonly noReply: boolean;
  /** Sends one part of the answer now; what the handler returns is the last. Throws CodecError, QueueFullError. */
  reply(table: Table): void;
}

/** Answers now or, by a promise, later; nothing returned: the status alone. A StatusError thrown is the caller's status, anything else "unknown-error". */
export type Answer = Table | void | Promise<Table | void>;

export interface Method {
  readonly policy: Policy;
  /** With arguments that fit the policy. */
  run(args: Record<string, unknown>, context: CallContext): Answer;
}

/** Declares a method. Arguments that the policy does not name are ignored, as everywhere in ubus (rpcd adds "ubus_rpc_session"). */
export function method<const P extends Policy>(policy: P, run: (args: Arguments<P>, context: CallContext) => Answer): Method {
  return { policy, run: run as Method["run"] };
}

export function typeOf(declared: Declared): TypeName {
  return declared.replace("?", "") as TypeName;
}

/** The declared arguments of `table`. Throws StatusError "invalid-argument" for one that is missing or of another type. */
export function checkArguments(policy: Policy, table: Table, method: string): Record<string, unknown> {
  const checked: Table = {};
  for (const [name, declared] of Object.entries(policy)) {
    const value = Object.hasOwn(table, name) ? table[name] : undefined;
    const converted = value === undefined ? undefined : convert(typeOf(declared), value);
    if (converted === undefined && (value !== undefined || !declared.endsWith("?"))) {
      throw new StatusError("invalid-argument", `${method}: ${name}: expected ${typeOf(declared)}`);
    }
    if (converted !== undefined) setMember(checked, name, converted);
  }
  return checked;
}

/** As the declared type; numbers in any type of the wire that holds the same number, since callers (JSON, shell) cannot choose it. undefined: does not fit. */
function convert(type: TypeName, value: Value): Value | undefined {
  switch (type) {
    case "any": return value;
    case "array": return Array.isArray(value) ? value : undefined;
    case "table": return isTable(value) ? value : undefined;
    case "string": return typeof value === "string" ? value : undefined;
    case "bool": return typeof value === "boolean" ? value : value instanceof Int8 ? true : undefined;
    case "int16": return integer(value, -0x8000n, 0x7fffn);
    case "int32": return integer(value, -0x80000000n, 0x7fffffffn);
    case "int64": return wide(value);
    case "double": return value instanceof Double ? value.value : integer(value, BigInt(Number.MIN_SAFE_INTEGER), BigInt(Number.MAX_SAFE_INTEGER));
  }
}

function integer(value: Value, least: bigint, most: bigint): number | undefined {
  const number = wide(value);
  return number !== undefined && number >= least && number <= most ? Number(number) : undefined;
}

function wide(value: Value): bigint | undefined {
  if (typeof value === "bigint") return value;
  if (typeof value === "number" || value instanceof Int16 || value instanceof Int8) return BigInt(Number(value));
  return undefined;
}

/** Runs what answers an invocation, and answers. `failed` gets what was thrown that is no StatusError. */
export function answer(invocation: Invocation, run: () => Answer, encode: (table: Table) => Uint8Array, failed: (error: unknown) => void): void {
  const finish = (table: Table | void): void => {
    if (table) invocation.reply(encode(table));
    invocation.finish(0);
  };
  const fail = (error: unknown): void => {
    if (!(error instanceof StatusError)) failed(error);
    invocation.finish(error instanceof StatusError && error.code !== 0 ? error.code : new StatusError("unknown-error").code);
  };
  try {
    const result = run();
    if (result instanceof Promise) result.then(finish).catch(fail);
    else finish(result);
  } catch (error) {
    fail(error);
  }
}
