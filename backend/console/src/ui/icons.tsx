// SPDX-License-Identifier: Apache-2.0
import type { ComponentChildren } from "preact";

function Icon({ children }: { children: ComponentChildren }) {
  return <svg class="icon" viewBox="0 0 20 20" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round">{children}</svg>;
}
export const NetworksIcon = () => <Icon><rect x="7" y="2.5" width="6" height="4.5" rx="1" /><rect x="2" y="13" width="6" height="4.5" rx="1" /><rect x="12" y="13" width="6" height="4.5" rx="1" /><path d="M10 7v3M5 13v-3h10v3" /></Icon>;
export const EventsIcon = () => <Icon><path d="M2 10.5h3.5L8 4l4 12 2.5-5.5H18" /></Icon>;
export const AuditIcon = () => <Icon><path d="M5 2.5h7l3.5 3.5v11.5H5z" /><path d="M8 9h5M8 12h5M8 15h3" /></Icon>;
export const KeysIcon = () => <Icon><circle cx="6.5" cy="13" r="3.5" /><path d="m9 10.5 7.5-7.5M13.5 6l2.5 2.5" /></Icon>;
export const TokensIcon = () => <Icon><rect x="2.5" y="4" width="15" height="12" rx="1.5" /><path d="m6 8 2.5 2.25L6 12.5M10.5 13H14" /></Icon>;
export const UsersIcon = () => <Icon><circle cx="10" cy="6.5" r="3.5" /><path d="M3.5 17.5c.6-3.6 3.2-5.5 6.5-5.5s5.9 1.9 6.5 5.5" /></Icon>;
export const MenuIcon = () => <Icon><circle cx="10" cy="4.5" r=".8" fill="currentColor" /><circle cx="10" cy="10" r=".8" fill="currentColor" /><circle cx="10" cy="15.5" r=".8" fill="currentColor" /></Icon>;
export const CloseIcon = () => <Icon><path d="m5 5 10 10M15 5 5 15" /></Icon>;
export const Mark = () => <svg class="mark" viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="7" /><path d="M7 12.5 16 7l9 5.500v7L16 25l-9-5.500z" /><path d="M11.5 16h9" /></svg>;
