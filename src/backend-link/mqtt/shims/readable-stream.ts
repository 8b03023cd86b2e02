// SPDX-License-Identifier: Apache-2.0
// In place of readable-stream (78 kB), the little of it that MQTT.js's client uses: a Writable that hands chunks to `_write` one at a time, and an object
// Readable that is read with `read()`. For the access point's bundle; on Node MQTT.js has the real one.
import EventEmitter from "events";

type Done = (error?: Error) => void;

export class Writable extends EventEmitter {
  declare _write: (chunk: unknown, encoding: string, done: Done) => void;
  readonly #queue: unknown[] = [];
  #busy = false;
  #ending = false;

  write(chunk: unknown): boolean {
    this.#queue.push(chunk);
    this.#next();
    return this.#queue.length === 0;
  }

  end(): void {
    this.#ending = true;
    this.#next();
  }

  #next(): void {
    if (this.#busy) return;
    if (this.#queue.length === 0) return void (this.#ending && this.emit("finish"));
    this.#busy = true;
    this._write(this.#queue.shift(), "buffer", (error) => {
      this.#busy = false;
      if (error) this.emit("error", error);
      else if (this.#queue.length > 0) this.#next();
      else this.emit(this.#ending ? "finish" : "drain");
    });
  }
}

export class Readable extends EventEmitter {
  declare _read: () => void;
  readonly #items: unknown[] = [];
  #ended = false;

  push(item: unknown): boolean {
    if (item === null) this.#ended = true;
    else this.#items.push(item);
    return true;
  }

  read(): unknown {
    if (this.#items.length === 0 && !this.#ended) this._read();
    const item = this.#items.shift() ?? null;
    if (item === null && this.#ended) void Promise.resolve().then(() => this.emit("end"));
    return item;
  }

  destroy(): this { return this; }
}

/** Only inherited from by parts of MQTT.js that are not used here. */
export class Duplex extends Writable {}
export class Transform extends Writable {}
