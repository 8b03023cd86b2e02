// SPDX-License-Identifier: Apache-2.0
// MQTT.js is a fifth of the program: a gateway without a backend does not load it.
import type { Connect, MqttConnection } from "../types.ts";

/** Connects by what `load` gives, once it is there. Nothing but `end` and `destroy` is asked of a connection before `connected`. */
export function connectLazily(load: () => Promise<Connect>): Connect {
  return (options, handlers) => {
    let connection: MqttConnection | undefined;
    let over = false;
    const close = (reason: string): void => {
      if (over) return;
      over = true;
      handlers.closed(reason);
    };
    load().then((connect) => { if (!over) connection = connect(options, handlers); }, (error: Error) => close(error.message));
    return {
      subscribe: (topics, done) => connection?.subscribe(topics, done),
      publish: (topic, payload, how, done) => connection?.publish(topic, payload, how, done),
      ping: () => connection?.ping(),
      get queued() { return connection?.queued ?? 0; },
      end: () => (connection ? connection.end() : void Promise.resolve().then(() => close("ended"))),
      destroy: () => (connection ? connection.destroy() : void Promise.resolve().then(() => close("ended"))),
    };
  };
}
