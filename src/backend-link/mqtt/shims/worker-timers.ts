// SPDX-License-Identifier: Apache-2.0
// In place of worker-timers, which browsers need.
export const setInterval = globalThis.setInterval;
export const clearInterval = globalThis.clearInterval;
