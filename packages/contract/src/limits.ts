// SPDX-License-Identifier: Apache-2.0
// How large a policy may be. An access point has 64 MB; the numbers are far above any network that one serves.

export const LIMITS = {
  /** Characters of YAML or JSON text. The syntax tree takes about 60 bytes per character while it is read. */
  textLength: 256 * 1024,
  /** Lists, mappings and values once aliases are expanded. */
  nodes: 50_000,
  /** Levels of lists and mappings; a policy has five. */
  depth: 16,
  rules: 4000,
  /** Registers of 128 bits hold one bit per group; four bits are the reserved ends (ARCHITECTURE.md, "The pipeline"). */
  groups: 120,
  /** One bit of a 128-bit register for each set of DNS names: those of one rule behind the same protocol and ports. */
  nameSets: 120,
  /** Different DNS names and patterns in all rules together. */
  names: 1000,
} as const;
