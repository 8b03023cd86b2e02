// SPDX-License-Identifier: Apache-2.0
/*
 * Included before libregexp.c. QuickJS writes the compiled regular expressions inside a module's bytecode in the byte order of the machine that compiled
 * it, and reads them in its own, while all else in there is little-endian. With this they are little-endian everywhere, so that one bytecode serves every CPU.
 */
#include <endian.h>
#include "cutils.h"

#define get_u16(bytes) le16toh(get_u16(bytes))
#define get_u32(bytes) le32toh(get_u32(bytes))
#define put_u16(bytes, value) put_u16(bytes, htole16(value))
#define put_u32(bytes, value) put_u32(bytes, htole32(value))
/* Later releases collect characters in buffers of their own by the same function; those stay in memory. */
#define IS_BYTECODE(buffer) (sizeof #buffer == sizeof "&s->byte_code")
#define dbuf_put_u16(buffer, value) dbuf_put_u16(buffer, IS_BYTECODE(buffer) ? htole16(value) : (value))
#define dbuf_put_u32(buffer, value) dbuf_put_u32(buffer, IS_BYTECODE(buffer) ? htole32(value) : (value))
