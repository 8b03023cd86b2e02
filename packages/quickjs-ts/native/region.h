// SPDX-License-Identifier: Apache-2.0
#ifndef REGION_H
#define REGION_H
#include "runtime.h"

typedef struct Region Region;
/* For JS_NewRuntime2, with the region beside them. */
extern const JSMallocFunctions region_functions;

/* NULL: no addresses are left. */
Region *region_new(void);
void region_free(Region *region);

#endif
