// SPDX-License-Identifier: Apache-2.0
// What a person has typed and not pushed yet: kept in this window, so that another page or a reload loses nothing.

export interface Draft {
  text: string;
  /** The version that the text began from; 0: none. */
  base: number;
}

const keyOf = (network: string): string => `securebox.draft.${network}`;

export function readDraft(network: string): Draft | undefined {
  try {
    const draft = JSON.parse(sessionStorage.getItem(keyOf(network)) ?? "null") as Draft | null;
    return draft && typeof draft.text === "string" && typeof draft.base === "number" ? draft : undefined;
  } catch {
    return undefined;
  }
}

/** A full store costs only the safety of a reload. */
export function keepDraft(network: string, draft: Draft | undefined): void {
  try {
    if (draft) sessionStorage.setItem(keyOf(network), JSON.stringify(draft));
    else sessionStorage.removeItem(keyOf(network));
  } catch { /* full */ }
}

/** For a network without a policy: valid, and it denies everything; its examples need nothing but their "#" removed. */
export function firstPolicy(network: string): string {
  return `# Between devices everything that no rule allows is denied, and so is the internet.
network: ${network}

groups:
  # family: [ { mac: "02:00:00:00:00:11" } ]

rules:
  # - { from: family, to: internet, allow: all }

# Devices that may reach nothing, whatever the rules say.
quarantine: []
`;
}
