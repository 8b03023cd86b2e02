// SPDX-License-Identifier: Apache-2.0
// JSON Schema 2020-12 of the policy, for editors and other languages; published as schema/policy-1.json.
// It knows shapes; names of groups, arithmetic (ports, host bits) and what repeats are the validator's alone. A test holds both against each other.
import { RESERVED_ENDS } from "./check.ts";
import { LIMITS } from "./limits.ts";

const MAC = "(?!00([:-]00){5})[0-9A-Fa-f][02468ACEace]([:-][0-9A-Fa-f]{2}){5}";
const GROUP = "[A-Za-z][A-Za-z0-9_-]{0,31}";
const PORTS = "[0-9]+(-[0-9]+)?";
const TRAFFIC = `((tcp|udp)(/${PORTS})?|icmp)`;
const LABEL = "[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?";
const NAME = `dns:(\\*\\.${LABEL}|${LABEL}\\.${LABEL})(\\.${LABEL})*\\.?`;
const IP4 = "[0-9]{1,3}(\\.[0-9]{1,3}){3}(/[0-9]{1,3})?";
const IP6 = "[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]*(/[0-9]{1,3})?";
const HOST = `(${NAME}|${IP4}|${IP6}|\\[(${IP4}|${IP6})\\])`;
const HOST_PORTS = `(${IP4}|\\[(${IP4}|${IP6})\\]):${PORTS}`;

const text = (pattern: string, description: string) => ({ type: "string", pattern: `^(${pattern})$`, description });
const list = (items: object, maxItems?: number) => ({ type: ["array", "null"], items, ...(maxItems && { maxItems }) });
const services = (pattern: string, description: string) => ({ properties: { allow: { anyOf: [{ const: "all" }, { type: "array", items: text(pattern, description) }] } } });
const one = (field: string, value: object) => ({ properties: { [field]: value }, required: [field] });
const outside = { enum: ["internet", "gateway"] };

export const policySchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  $id: "urn:securebox:policy:1",
  title: "Securebox policy, version 1",
  description: "Who may reach whom in one network. Between devices, and towards the internet and the gateway, everything that no rule allows is denied.",
  type: "object",
  required: ["network", "rules"],
  additionalProperties: false,
  properties: {
    version: { const: 1, default: 1 },
    network: text("[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?", "The network's name."),
    mode: { enum: ["intelligent-edge", "thin-edge"], default: "intelligent-edge" },
    groups: {
      description: "Named sets of devices.",
      type: ["object", "null"],
      maxProperties: LIMITS.groups,
      propertyNames: { pattern: `^${GROUP}$`, not: { enum: [...RESERVED_ENDS] } },
      additionalProperties: list({ $ref: "#/$defs/member" }),
    },
    rules: { description: "In order: the first rule that decides a flow wins.", ...list({ $ref: "#/$defs/rule" }, LIMITS.rules) },
    quarantine: { description: "Devices that reach nothing and are reached by nothing.", ...list({ $ref: "#/$defs/mac" }) },
  },
  $defs: {
    mac: text(MAC, "A device's MAC address."),
    end: text(`${GROUP}|${MAC}`, "A group, a MAC address, or all, unknown, internet, gateway."),
    member: {
      description: "Exactly one way to name devices.",
      type: "object",
      additionalProperties: false,
      minProperties: 1,
      maxProperties: 1,
      properties: {
        mac: { $ref: "#/$defs/mac" },
        psk: text("[^\\u0000-\\u001f\\u007f]{1,64}", "Devices that use the key of this name. Not enforced yet."),
        fingerprint: text("[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", "Devices of this kind. Not enforced yet."),
        mud: { ...text("https://[^\\s/]+\\.[^\\s/]+/\\S*", "Devices with this MUD URL (RFC 8520). Not enforced yet."), maxLength: 253 },
      },
    },
    rule: {
      type: "object",
      required: ["from", "to"],
      additionalProperties: false,
      anyOf: [{ required: ["allow"] }, { required: ["otherwise"] }, { required: ["analyse"] }],
      dependentRequired: { how: ["analyse"] },
      properties: {
        from: { $ref: "#/$defs/end" },
        to: { $ref: "#/$defs/end" },
        allow: { description: "What may pass: all, or a list of services." },
        otherwise: { description: "What happens to everything else between the two ends. Absent: later rules decide.", enum: ["deny", "allow", "ask"] },
        analyse: text("[a-z][a-z0-9-]{0,62}", "Name of an analysis service. Not enforced yet."),
        how: { enum: ["mirror", "redirect"] },
        fallback: { description: 'With "otherwise: ask": the verdict when nobody answers in time.', enum: ["allow", "deny"], default: "deny" },
      },
      if: one("to", { const: "internet" }),
      then: services(`all|${TRAFFIC}(@${HOST})?|${HOST}|${HOST_PORTS}`, "all, tcp/PORT, an address, a prefix, ADDRESS:PORT, dns:NAME, tcp/PORT@any of these."),
      else: {
        if: { anyOf: [one("from", outside), one("to", outside)] },
        then: services(`all|${TRAFFIC}`, "all, tcp, udp, icmp, tcp/PORT, udp/FIRST-LAST."),
        else: services(`all|${TRAFFIC}|mdns|ssdp`, "all, tcp, udp, icmp, tcp/PORT, udp/FIRST-LAST, mdns, ssdp."),
      },
    },
  },
} as const;
