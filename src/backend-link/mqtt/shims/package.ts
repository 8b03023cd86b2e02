// SPDX-License-Identifier: Apache-2.0
// In place of MQTT.js's package.json, of which it reads its version.
export const version = "bundled";
