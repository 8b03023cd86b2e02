// SPDX-License-Identifier: Apache-2.0
import { setErrorClass } from "securebox:native";
import { PlatformError } from "../ports/error.ts";

// The native part throws and reports errors of this class; it maps errno itself (native/error.c).
setErrorClass(PlatformError);
