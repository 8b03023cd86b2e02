// SPDX-License-Identifier: Apache-2.0
// Access control as ubusd has it: files of JSON, each for a user or a group; root may do anything.

export interface Credentials {
  user: string;
  group: string;
}

/** The part of a file in acl.d that the stand-in knows; "inherit" and "tags" it does not. */
export interface AclFile {
  user?: string;
  group?: string;
  access?: Record<string, { methods?: string[]; acl?: Record<string, unknown> }>;
  publish?: string[];
  subscribe?: string[];
  listen?: string[];
  send?: string[];
}

export type AclKind = "publish" | "subscribe" | "listen" | "send";

const concerns = (file: AclFile, { user, group }: Credentials): boolean => (file.user !== undefined ? file.user === user : file.group === group);

export const covers = (pattern: string, name: string): boolean => (pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : pattern === name);

export function mayDo(files: readonly AclFile[], who: Credentials, kind: AclKind, name: string): boolean {
  return who.user === "root" || files.some((file) => concerns(file, who) && (file[kind] ?? []).some((pattern) => covers(pattern, name)));
}

export function mayCall(files: readonly AclFile[], who: Credentials, path: string | undefined, method: string): boolean {
  if (who.user === "root" || path === undefined) return true;
  return files.some((file) => concerns(file, who) && Object.entries(file.access ?? {}).some(([pattern, { methods = [] }]) => covers(pattern, path) && (methods.includes(method) || methods.includes("*"))));
}
