// SPDX-License-Identifier: Apache-2.0
import type { Role } from "../api/api.ts";
import { Field } from "../ui/form.tsx";

const ROLES: [Role, string][] = [["viewer", "Viewer: reads"], ["operator", "Operator: also pushes policies, enrols gateways, gives verdicts"], ["administrator", "Administrator: also networks, users, keys"]];

/** Nobody gives more than they have. */
export function rolesUpTo(role: Role): [Role, string][] {
  return ROLES.slice(0, ROLES.findIndex(([name]) => name === role) + 1);
}

export function NetworksField({ value, onValue }: { value: string; onValue: (value: string) => void }) {
  return <Field label="Networks" hint="Names, with blanks between. Empty: all that you may use" value={value} onValue={onValue} />;
}

export function networksOf(text: string): string[] | undefined {
  const names = text.split(/[\s,]+/).filter(Boolean);
  return names.length > 0 ? names : undefined;
}
