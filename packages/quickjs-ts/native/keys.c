// SPDX-License-Identifier: Apache-2.0
/* P-256 keys that are ours: made, read, signed with. By mbedTLS (2.28 to 3.6). */
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <mbedtls/ecdsa.h>
#include <mbedtls/ecp.h>
#include <mbedtls/md.h>
#include <mbedtls/pk.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/version.h>
#include "runtime.h"

enum { DIGEST = 32, INTEGER = 32, PEM = 512 };

static int from_kernel(void *unused, unsigned char *output, size_t size) {
  for (size_t have = 0; have < size;) {
    ssize_t part = getrandom(output + have, size - have, 0);
    if (part > 0) have += part;
    else if (errno != EINTR) return MBEDTLS_ERR_ECP_RANDOM_FAILED;
  }
  return 0;
}

/* Reads a private key in PEM; throws TypeError. The caller frees the context in any case. */
static bool read_private(JSContext *context, JSValueConst value, mbedtls_pk_context *key) {
  size_t size;
  const char *pem = JS_ToCStringLen(context, &size, value);
  if (!pem) return false;
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
  int failed = mbedtls_pk_parse_key(key, (const uint8_t *)pem, size + 1, NULL, 0, from_kernel, NULL);
#else
  int failed = mbedtls_pk_parse_key(key, (const uint8_t *)pem, size + 1, NULL, 0);
#endif
  JS_FreeCString(context, pem);
  if (!failed && is_p256(key)) return true;
  JS_ThrowTypeError(context, "privateKey: expected a P-256 key in PEM, PKCS #8 or SEC 1");
  return false;
}

static JSValue public_pem(JSContext *context, mbedtls_pk_context *key) {
  uint8_t pem[PEM];
  if (mbedtls_pk_write_pubkey_pem(key, pem, sizeof pem)) return JS_ThrowInternalError(context, "public key");
  return JS_NewString(context, (const char *)pem);
}

static JSValue private_pem(JSContext *context, mbedtls_pk_context *key) {
  uint8_t pem[PEM];
  if (mbedtls_pk_write_key_pem(key, pem, sizeof pem)) return JS_ThrowInternalError(context, "private key");
  JSValue text = JS_NewString(context, (const char *)pem);
  mbedtls_platform_zeroize(pem, sizeof pem);
  return text;
}

/* generateP256() */
static JSValue js_generate(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  mbedtls_pk_context key;
  mbedtls_pk_init(&key);
  JSValue result;
  if (mbedtls_pk_setup(&key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)) || mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(key), from_kernel, NULL)) {
    result = JS_ThrowInternalError(context, "generateP256");
  } else {
    result = JS_NewObject(context);
    JS_SetPropertyStr(context, result, "privateKey", private_pem(context, &key));
    JS_SetPropertyStr(context, result, "publicKey", public_pem(context, &key));
  }
  mbedtls_pk_free(&key);
  return result;
}

/* publicKeyOf(privateKey PEM) */
static JSValue js_public(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  mbedtls_pk_context key;
  mbedtls_pk_init(&key);
  JSValue result = read_private(context, arguments[0], &key) ? public_pem(context, &key) : JS_EXCEPTION;
  mbedtls_pk_free(&key);
  return result;
}

/* SEQUENCE of two INTEGERs, as mbedTLS writes it, to r and s of 32 bytes each. Returns false for anything else. */
static bool plain_signature(const uint8_t *der, size_t size, uint8_t *output) {
  size_t at = 2;
  memset(output, 0, 2 * INTEGER);
  for (int i = 0; i < 2; i++) {
    if (at + 2 > size || der[at] != 0x02) return false;
    const uint8_t *value = der + at + 2;
    size_t length = der[at + 1];
    at += 2 + length;
    if (at > size) return false;
    while (length > 0 && *value == 0) value++, length--;
    if (length > INTEGER) return false;
    memcpy(output + INTEGER * (i + 1) - length, value, length);
  }
  return at == size;
}

static bool sign(mbedtls_pk_context *key, const uint8_t *data, size_t size, uint8_t *output) {
  uint8_t hash[DIGEST], der[MBEDTLS_ECDSA_MAX_LEN];
  size_t length;
  if (mbedtls_md(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), data, size, hash)) return false;
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
  if (mbedtls_pk_sign(key, MBEDTLS_MD_SHA256, hash, sizeof hash, der, sizeof der, &length, from_kernel, NULL)) return false;
#else
  if (mbedtls_pk_sign(key, MBEDTLS_MD_SHA256, hash, sizeof hash, der, &length, from_kernel, NULL)) return false;
#endif
  return plain_signature(der, length, output);
}

/* signP256(privateKey PEM, data) */
static JSValue js_sign(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  const uint8_t *data;
  size_t size;
  uint8_t signature[2 * INTEGER];
  if (!bytes_of(arguments[1], &data, &size)) return JS_EXCEPTION;
  mbedtls_pk_context key;
  mbedtls_pk_init(&key);
  JSValue result = JS_EXCEPTION;
  if (read_private(context, arguments[0], &key)) result = sign(&key, data, size, signature) ? new_bytes(signature, sizeof signature) : JS_ThrowInternalError(context, "signP256");
  mbedtls_pk_free(&key);
  return result;
}

const Export key_exports[] = { { "generateP256", 0, js_generate }, { "publicKeyOf", 1, js_public }, { "signP256", 2, js_sign }, { 0 } };
