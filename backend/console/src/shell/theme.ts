// SPDX-License-Identifier: Apache-2.0
// Light or dark as the system says, or as the person chose on this browser.

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];
const KEY = "securebox.theme";

export function theme(): Theme {
  return THEMES.find((name) => name === localStorage.getItem(KEY)) ?? "system";
}

export function setTheme(name: Theme): void {
  localStorage.setItem(KEY, name);
  applyTheme();
}

export function applyTheme(): void {
  document.documentElement.dataset.theme = theme();
}
