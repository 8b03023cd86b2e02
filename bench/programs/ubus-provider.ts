// SPDX-License-Identifier: Apache-2.0
// An object that gives back what it gets. Argument: the daemon's socket. Prints a line when it is there.
import { platform } from "quickjs-ts/platform";
import { method, UbusClient } from "ubus-ts";

const bus = new UbusClient(platform, { path: platform.processes.arguments[0]! });
void bus.publish("bench", { echo: method({ mac: "string", signal: "int32" }, (args) => args) }).then(() => platform.processes.stdout("ready\n"));
