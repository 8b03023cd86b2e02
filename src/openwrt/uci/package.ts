// SPDX-License-Identifier: Apache-2.0
// A package of UCI, one file of /etc/config: sections in an order, each with a type, perhaps a name, and options.

export type UciValue = string | string[];
export interface UciSection {
  type: string;
  /** undefined: anonymous; such a section is called by type and position, "@wifi-iface[0]". */
  name: string | undefined;
  options: Map<string, UciValue>;
}
export type UciPackage = UciSection[];

/** Names of sections and options: letters, digits, "_" (libuci, uci_validate_str). */
export function isName(text: string): boolean {
  return /^[A-Za-z0-9_]+$/.test(text);
}

/** Packages may have "-", too. */
export function isPackageName(text: string): boolean {
  return /^[A-Za-z0-9_-]+$/.test(text);
}

/** Types: anything printable without blanks. */
export function isType(text: string): boolean {
  return /^[!-~]+$/.test(text);
}

/** The section called so: a name, or "@type[n]" where n counts all sections of that type, from the end when negative. */
export function findSection(sections: UciPackage, called: string): UciSection | undefined {
  const [, type, position] = /^@([^[\]]*)\[(-?\d{1,6})\]$/.exec(called) ?? [];
  if (position === undefined) return sections.find(({ name }) => name === called);
  const candidates = type === "" ? sections : sections.filter((section) => section.type === type);
  return candidates.at(Number(position));
}

/** How `uci show` calls each section. */
export function callNames(sections: UciPackage): string[] {
  const counts = new Map<string, number>();
  return sections.map(({ type, name }) => {
    const position = counts.get(type) ?? 0;
    counts.set(type, position + 1);
    return name ?? `@${type}[${position}]`;
  });
}
