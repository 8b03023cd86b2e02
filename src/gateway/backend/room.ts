// SPDX-License-Identifier: Apache-2.0
// What only an enrolled gateway needs of the room backend-link: a module of its own, so that a standalone one does not load it.
export { enrol } from "../../backend-link/enrol/enrol.ts";
export { createLink } from "../../backend-link/link.ts";
