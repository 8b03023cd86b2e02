// SPDX-License-Identifier: Apache-2.0
// In place of lru-cache, which MQTT.js needs for the topic aliases of MQTT 5 alone.
export class LRUCache {
  constructor() {
    throw new Error("topic aliases are not part of MQTT 3.1.1");
  }
}
