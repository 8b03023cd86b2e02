// SPDX-License-Identifier: Apache-2.0
import { lostRace } from "./errors.ts";

const ATTEMPTS = 8;

/** Runs a transaction again that lost a race, after a random pause that grows from 5 to 640 ms. Anything else is thrown at once. */
export async function retryLostRaces<T>(run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run();
    } catch (error) {
      if (attempt === ATTEMPTS || !lostRace(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 5 * 2 ** attempt));
    }
  }
}
