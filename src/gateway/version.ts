// SPDX-License-Identifier: Apache-2.0

/** Version of the program; a test holds it against package.json. */
export const VERSION = "0.1.0";
