// SPDX-License-Identifier: Apache-2.0
// Signatures of objects: a table per method, from argument to the number of its blobmsg type, as INT32.
import { decodeTable, encodeTable, setMember } from "./blobmsg.ts";
import { BlobmsgType, isTable, type Table } from "./value.ts";

/** Names of types in signatures; "any" is UNSPEC, "bool" is INT8. */
export type TypeName = "any" | "array" | "table" | "string" | "int64" | "int32" | "int16" | "bool" | "double";
/** Per method, the arguments and their types. A type that is not known is "any". */
export type Signature = Record<string, Record<string, TypeName>>;

const numbers: Record<TypeName, number> = {
  any: BlobmsgType.unspec, array: BlobmsgType.array, table: BlobmsgType.table, string: BlobmsgType.string, int64: BlobmsgType.int64,
  int32: BlobmsgType.int32, int16: BlobmsgType.int16, bool: BlobmsgType.int8, double: BlobmsgType.double,
};
const names = Object.keys(numbers) as TypeName[];

export function encodeSignature(signature: Signature): Uint8Array {
  const table: Table = {};
  for (const method of Object.keys(signature)) {
    const types: Table = {};
    for (const [name, type] of Object.entries(signature[method]!)) setMember(types, name, numbers[type]);
    setMember(table, method, types);
  }
  return encodeTable(table);
}

/** Throws DecodeError. What a provider declares that is no table of types is left out. */
export function decodeSignature(payload: Uint8Array): Signature {
  const signature = Object.create(null) as Signature;
  for (const [method, types] of Object.entries(decodeTable(payload))) {
    const known = (signature[method] = Object.create(null) as Record<string, TypeName>);
    for (const [name, number] of Object.entries(isTable(types) ? types : {})) known[name] = names.find((each) => numbers[each] === number) ?? "any";
  }
  return signature;
}
