// SPDX-License-Identifier: Apache-2.0
// The syntax of ovs-ofctl(8), for people, logs and tests. Nothing in ../ imports it.
export { type ActionContext, parseActions, parseInstructions } from "./actions.ts";
export { formatIpv4, formatIpv6, formatMac, parseIpv4, parseIpv6, parseMac } from "./addresses.ts";
export { formatFlow, parseFilter, parseFlow } from "./flow.ts";
export { formatActions, formatInstructions } from "./format-actions.ts";
export { parseGroup, parseMeter } from "./group.ts";
export { formatMatch, parseMatch } from "./match.ts";
export { TextError } from "./scan.ts";
export { formatSubfield, parseSubfield } from "./subfields.ts";
export { formatValue, parsePort, parseValue, type PortNames } from "./values.ts";
