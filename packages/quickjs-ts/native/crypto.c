// SPDX-License-Identifier: Apache-2.0
/* Digests and signatures by mbedTLS (2.28 to 3.6); random numbers by the kernel. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <mbedtls/ecp.h>
#include <mbedtls/md.h>
#include <mbedtls/pk.h>
#include <mbedtls/version.h>
#include "runtime.h"

enum { DIGEST = 32, INTEGER = 32 };

static int digest(const uint8_t *data, size_t size, uint8_t *output) {
  return mbedtls_md(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), data, size, output);
}

static JSValue js_sha256(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  const uint8_t *data;
  size_t size;
  uint8_t output[DIGEST];
  if (!bytes_of(arguments[0], &data, &size)) return JS_EXCEPTION;
  if (digest(data, size, output)) return JS_ThrowInternalError(context, "sha256");
  return new_bytes(output, sizeof output);
}

static JSValue js_hmac(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  const uint8_t *key, *data;
  size_t key_size, size;
  uint8_t output[DIGEST];
  if (!bytes_of(arguments[0], &key, &key_size) || !bytes_of(arguments[1], &data, &size)) return JS_EXCEPTION;
  if (mbedtls_md_hmac(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), key, key_size, data, size, output)) return JS_ThrowInternalError(context, "hmac");
  return new_bytes(output, sizeof output);
}

/* DER INTEGER (X.690 section 8.3): no leading zeroes, one zero byte before a set top bit. Returns its size. */
static size_t der_integer(const uint8_t *value, uint8_t *output) {
  size_t skip = 0;
  while (skip < INTEGER - 1 && value[skip] == 0) skip++;
  size_t pad = value[skip] >> 7, size = INTEGER - skip + pad;
  output[0] = 0x02;
  output[1] = size;
  output[2] = 0;
  memcpy(output + 2 + pad, value + skip, INTEGER - skip);
  return 2 + size;
}

static int verify(mbedtls_pk_context *key, const uint8_t *data, size_t size, const uint8_t *signature) {
  uint8_t hash[DIGEST], der[2 + 2 * (INTEGER + 3)];
  size_t length = der_integer(signature, der + 2);
  length += der_integer(signature + INTEGER, der + 2 + length);
  der[0] = 0x30;
  der[1] = length;
  if (digest(data, size, hash)) return -1;
  return mbedtls_pk_verify(key, MBEDTLS_MD_SHA256, hash, sizeof hash, der, 2 + length);
}

bool is_p256(mbedtls_pk_context *key) {
  if (!mbedtls_pk_can_do(key, MBEDTLS_PK_ECDSA)) return false;
#if MBEDTLS_VERSION_NUMBER >= 0x03060000
  return mbedtls_pk_get_bitlen(key) == 256 && mbedtls_ecp_keypair_get_group_id(mbedtls_pk_ec(*key)) == MBEDTLS_ECP_DP_SECP256R1;
#else
  return mbedtls_pk_ec(*key)->grp.id == MBEDTLS_ECP_DP_SECP256R1;
#endif
}

/* verifyP256(publicKey PEM, data, signature) */
static JSValue js_verify(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  const uint8_t *data, *signature;
  size_t size, signature_size, pem_size;
  if (!bytes_of(arguments[1], &data, &size) || !bytes_of(arguments[2], &signature, &signature_size)) return JS_EXCEPTION;
  const char *pem = JS_ToCStringLen(context, &pem_size, arguments[0]);
  if (!pem) return JS_EXCEPTION;
  mbedtls_pk_context key;
  mbedtls_pk_init(&key);
  JSValue result;
  if (mbedtls_pk_parse_public_key(&key, (const uint8_t *)pem, pem_size + 1) || !is_p256(&key))
    result = JS_ThrowTypeError(context, "publicKey: expected a P-256 SubjectPublicKeyInfo in PEM");
  else
    result = JS_NewBool(context, signature_size == 2 * INTEGER && verify(&key, data, size, signature) == 0);
  mbedtls_pk_free(&key);
  JS_FreeCString(context, pem);
  return result;
}

static JSValue js_random(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  int64_t size;
  if (JS_ToInt64(context, &size, arguments[0])) return JS_EXCEPTION;
  if (size < 0 || size > 1 << 20) return JS_ThrowRangeError(context, "random: size must be from 0 to 1048576");
  uint8_t *data = malloc(size + 1);
  for (int64_t have = 0; have < size;) {
    ssize_t part = getrandom(data + have, size - have, 0);
    if (part > 0) have += part;
    else if (errno != EINTR) abort();
  }
  JSValue result = new_bytes(data, size);
  free(data);
  return result;
}

const Export crypto_exports[] = { { "sha256", 1, js_sha256 }, { "hmacSha256", 2, js_hmac }, { "verifyP256", 3, js_verify }, { "random", 1, js_random }, { 0 } };
