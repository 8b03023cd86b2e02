// SPDX-License-Identifier: Apache-2.0
// Evaluated by embedded.ts in an engine of its own: what it is told, it does.
export {};
const global = globalThis as unknown as { input: string; output?: string; left?: number };

switch (global.input) {
  case "throw": throw new RangeError("as it was told");
  case "nothing": break;
  case "deep": {
    const descend = (): number => descend() + 1;
    descend();
    break;
  }
  default: {
    const many = Array.from({ length: 20_000 }, (_, index) => ({ index, text: `${index}` }));
    global.output = JSON.stringify({ input: global.input, left: global.left, last: many.at(-1)!.text, globals: Object.keys(globalThis) });
    global.left = 1;
  }
}
