// SPDX-License-Identifier: Apache-2.0
// As ./here.ts, in an engine of its own, which is gone afterwards: the YAML library alone takes half a megabyte, for a text that is read once and then seldom.
import type * as Here from "./here.ts";
import type { Asked } from "./module.ts";

const ask = ({ processes }: Here.Machine, ...asked: Asked): unknown => JSON.parse(processes.apart("reading.js", JSON.stringify(asked)));

export const readPolicy = ((machine, text) => ask(machine, "policy", text)) as typeof Here.readPolicy;
export const readYamlConfig = ((machine, text) => ask(machine, "yaml", text)) as typeof Here.readYamlConfig;
export const readUciConfig = ((machine, text) => ask(machine, "uci", text)) as typeof Here.readUciConfig;
