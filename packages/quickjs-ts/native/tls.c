// SPDX-License-Identifier: Apache-2.0
/* TLS client over a non-blocking descriptor, by mbedTLS 2.28 (TLS 1.2) to 3.6 (also 1.3). The server is always verified. */
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <mbedtls/error.h>
#include <mbedtls/md.h>
#include <mbedtls/ssl.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
#include <psa/crypto.h>
#endif
#include "runtime.h"

enum { PROTOCOLS = 8, DIGEST = 32 };

struct Tls {
  mbedtls_ssl_context ssl;
  mbedtls_ssl_config config;
  mbedtls_x509_crt ca, certificate;
  mbedtls_pk_context key;
  char *alpn[PROTOCOLS + 1];
  bool pinned; /* instead of an authority: the SHA-256 of one that the server presents */
  uint8_t pin[DIGEST];
  uint8_t address[16]; /* the server's name, when that is an IP address */
  size_t address_size; /* 0, 4 or 16 */
  double now, floor; /* milliseconds since 1970 that count instead of the wall clock; of `floor` only that it is not later than now. NAN: not given */
  int *fd; /* the stream's */
  uint32_t wants;
  size_t unfinished; /* bytes of a write that has to be repeated with the same size */
  char failure[160];
};

static int entropy(void *unused, unsigned char *output, size_t size) {
  for (size_t have = 0; have < size;) {
    ssize_t part = getrandom(output + have, size - have, 0);
    if (part > 0) have += part;
    else if (errno != EINTR) return -1;
  }
  return 0;
}

static int send_bytes(void *owner, const unsigned char *data, size_t size) {
  ssize_t sent = send(*((Tls *)owner)->fd, data, size, MSG_NOSIGNAL);
  return sent >= 0 ? (int)sent : errno == EAGAIN || errno == EINTR ? MBEDTLS_ERR_SSL_WANT_WRITE : -errno;
}

static int receive_bytes(void *owner, unsigned char *data, size_t size) {
  ssize_t received = recv(*((Tls *)owner)->fd, data, size, 0);
  return received >= 0 ? (int)received : errno == EAGAIN || errno == EINTR ? MBEDTLS_ERR_SSL_WANT_READ : -errno;
}

/* mbedTLS's status as ours; remembers what to wait for and what went wrong. */
static int judge(Tls *tls, int status) {
  if (status >= 0) return status;
  if (status == MBEDTLS_ERR_SSL_WANT_READ || status == MBEDTLS_ERR_SSL_WANT_WRITE) {
    tls->wants = status == MBEDTLS_ERR_SSL_WANT_READ ? EPOLLIN : EPOLLOUT;
    return TLS_AGAIN;
  }
  if (status == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY || status == MBEDTLS_ERR_SSL_CONN_EOF) return TLS_ENDED;
  uint32_t flags = mbedtls_ssl_get_verify_result(&tls->ssl);
  if (status > -256) snprintf(tls->failure, sizeof tls->failure, "%s", strerror(-status)); /* from send_bytes or receive_bytes */
  else if (flags && flags != (uint32_t)-1) mbedtls_x509_crt_verify_info(tls->failure, sizeof tls->failure, "", flags);
  else mbedtls_strerror(status, tls->failure, sizeof tls->failure);
  for (char *end = tls->failure + strlen(tls->failure); end > tls->failure && end[-1] == '\n';) *--end = 0;
  return TLS_FAILED;
}

/* ---- verification beyond mbedTLS's own ---- */

/* RFC 5280 section 4.1.2.5: UTC. */
static double milliseconds(const mbedtls_x509_time *at) {
  struct tm parts = { .tm_year = at->year - 1900, .tm_mon = at->mon - 1, .tm_mday = at->day, .tm_hour = at->hour, .tm_min = at->min, .tm_sec = at->sec };
  return 1000.0 * (double)timegm(&parts);
}

static bool is_pinned(const Tls *tls, const mbedtls_x509_crt *certificate) {
  uint8_t digest[DIGEST];
  return tls->pinned && !mbedtls_md(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), certificate->raw.p, certificate->raw.len, digest) && !memcmp(digest, tls->pin, DIGEST);
}

/* RFC 5280 section 4.2.1.6, iPAddress. mbedTLS before 3.5 compares DNS names only. */
static bool names_address(const Tls *tls, const mbedtls_x509_crt *certificate) {
  enum { IP_ADDRESS = MBEDTLS_ASN1_CONTEXT_SPECIFIC | 7 };
  for (const mbedtls_x509_sequence *name = &certificate->subject_alt_names; name; name = name->next)
    if (name->buf.tag == IP_ADDRESS && name->buf.len == tls->address_size && !memcmp(name->buf.p, tls->address, tls->address_size)) return true;
  return false;
}

/*
 * Called for each certificate of the chain, from the top, with what mbedTLS found wrong with it. The signature below a presented authority was checked
 * when it was found as issuer; that it is no anchor is all that is left to say, and the pin makes it one.
 */
static int verify_certificate(void *owner, mbedtls_x509_crt *certificate, int depth, uint32_t *flags) {
  const Tls *tls = owner;
  if (is_pinned(tls, certificate)) *flags &= ~(uint32_t)MBEDTLS_X509_BADCERT_NOT_TRUSTED;
  if (depth == 0 && tls->address_size && names_address(tls, certificate)) *flags &= ~(uint32_t)MBEDTLS_X509_BADCERT_CN_MISMATCH;
  if (tls->now != tls->now && tls->floor != tls->floor) return 0;
  *flags &= ~(uint32_t)(MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE);
  double end = milliseconds(&certificate->valid_to);
  if (end < tls->now || end < tls->floor) *flags |= MBEDTLS_X509_BADCERT_EXPIRED;
  if (milliseconds(&certificate->valid_from) > tls->now) *flags |= MBEDTLS_X509_BADCERT_FUTURE;
  return 0;
}

/* ---- options ---- */

static double number_option(JSValueConst options, const char *name) {
  double number = NAN;
  JSValue value = JS_GetPropertyStr(runtime.context, options, name);
  if (!JS_IsUndefined(value)) JS_ToFloat64(runtime.context, &number, value);
  JS_FreeValue(runtime.context, value);
  return number;
}

/* pin: 64 hexadecimal digits, checked before (src/quickjs/tls.ts). */
static void set_pin(Tls *tls, JSValueConst options) {
  JSValue value = JS_GetPropertyStr(runtime.context, options, "pin");
  const char *text = JS_IsUndefined(value) ? NULL : JS_ToCString(runtime.context, value);
  tls->pinned = text != NULL;
  for (int i = 0; text && i < DIGEST; i++) sscanf(text + 2 * i, "%2hhx", &tls->pin[i]);
  JS_FreeCString(runtime.context, text);
  JS_FreeValue(runtime.context, value);
}


/* Parses a PEM option; returns 0, or -1 with a TypeError thrown. */
static int parse(JSValueConst options, const char *name, int (*parser)(void *target, const uint8_t *pem, size_t size), void *target, bool required) {
  JSContext *context = runtime.context;
  JSValue value = JS_GetPropertyStr(context, options, name);
  size_t size;
  const char *pem = JS_IsUndefined(value) ? NULL : JS_ToCStringLen(context, &size, value);
  int status = pem ? parser(target, (const uint8_t *)pem, size + 1) : required ? -1 : 0;
  JS_FreeCString(context, pem);
  JS_FreeValue(context, value);
  if (!status) return 0;
  char reason[100] = "missing";
  if (pem) mbedtls_strerror(status, reason, sizeof reason);
  JSValue error = error_new("tls", "ETLS", name, reason);
  JS_Throw(context, error);
  return -1;
}

static int parse_certificates(void *target, const uint8_t *pem, size_t size) {
  return mbedtls_x509_crt_parse(target, pem, size);
}

static int parse_key(void *target, const uint8_t *pem, size_t size) {
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
  return mbedtls_pk_parse_key(target, pem, size, NULL, 0, entropy, NULL);
#else
  return mbedtls_pk_parse_key(target, pem, size, NULL, 0);
#endif
}

static void set_versions(Tls *tls, JSValueConst options) {
  JSValue value = JS_GetPropertyStr(runtime.context, options, "minVersion");
  const char *text = JS_IsUndefined(value) ? NULL : JS_ToCString(runtime.context, value);
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
  bool newest = text && strcmp(text, "1.3") == 0;
  mbedtls_ssl_conf_min_tls_version(&tls->config, newest ? MBEDTLS_SSL_VERSION_TLS1_3 : MBEDTLS_SSL_VERSION_TLS1_2);
#else
  mbedtls_ssl_conf_min_version(&tls->config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3); /* 1.3 was refused before (src/quickjs/tls.ts) */
#endif
  JS_FreeCString(runtime.context, text);
  JS_FreeValue(runtime.context, value);
}

static int set_alpn(Tls *tls, JSValueConst options) {
  JSContext *context = runtime.context;
  JSValue list = JS_GetPropertyStr(context, options, "alpn");
  for (int index = 0; JS_IsObject(list) && index < PROTOCOLS; index++) {
    JSValue element = JS_GetPropertyUint32(context, list, index);
    const char *name = JS_IsUndefined(element) ? NULL : JS_ToCString(context, element);
    if (name) tls->alpn[index] = strdup(name);
    JS_FreeCString(context, name);
    JS_FreeValue(context, element);
  }
  JS_FreeValue(context, list);
  return tls->alpn[0] ? mbedtls_ssl_conf_alpn_protocols(&tls->config, (const char **)tls->alpn) : 0;
}

static int set_name(Tls *tls, JSValueConst options) {
  JSValue value = JS_GetPropertyStr(runtime.context, options, "serverName");
  const char *name = JS_ToCString(runtime.context, value);
  int status = name ? mbedtls_ssl_set_hostname(&tls->ssl, name) : -1;
  if (name) tls->address_size = inet_pton(AF_INET, name, tls->address) == 1 ? 4 : inet_pton(AF_INET6, name, tls->address) == 1 ? 16 : 0;
  JS_FreeCString(runtime.context, name);
  JS_FreeValue(runtime.context, value);
  return status;
}

static int configure(Tls *tls, JSValueConst options) {
  int status = mbedtls_ssl_config_defaults(&tls->config, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
  if (status) return status;
  mbedtls_ssl_conf_authmode(&tls->config, MBEDTLS_SSL_VERIFY_REQUIRED);
  mbedtls_ssl_conf_rng(&tls->config, entropy, NULL);
  mbedtls_ssl_conf_ca_chain(&tls->config, &tls->ca, NULL);
  mbedtls_ssl_conf_verify(&tls->config, verify_certificate, tls);
  set_versions(tls, options);
  if (mbedtls_pk_get_type(&tls->key) != MBEDTLS_PK_NONE) status = mbedtls_ssl_conf_own_cert(&tls->config, &tls->certificate, &tls->key);
  if (!status) status = set_alpn(tls, options);
  if (!status) status = mbedtls_ssl_setup(&tls->ssl, &tls->config);
  if (!status) status = set_name(tls, options);
  mbedtls_ssl_set_bio(&tls->ssl, tls, send_bytes, receive_bytes, NULL);
  return status;
}

Tls *tls_new(int *fd, JSValueConst options) {
  Tls *tls = calloc(1, sizeof *tls);
  if (!tls) abort();
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
  psa_crypto_init();
#endif
  tls->fd = fd;
  mbedtls_ssl_init(&tls->ssl);
  mbedtls_ssl_config_init(&tls->config);
  mbedtls_x509_crt_init(&tls->ca);
  mbedtls_x509_crt_init(&tls->certificate);
  mbedtls_pk_init(&tls->key);
  set_pin(tls, options);
  tls->now = number_option(options, "validNow");
  tls->floor = number_option(options, "validFloor");
  int status = parse(options, "ca", parse_certificates, &tls->ca, !tls->pinned) || parse(options, "certificate", parse_certificates, &tls->certificate, false) ||
    parse(options, "key", parse_key, &tls->key, false);
  if (!status && (status = configure(tls, options))) {
    judge(tls, status);
    JS_Throw(runtime.context, error_new("tls", "ETLS", "options", tls->failure));
  }
  if (!status) return tls;
  tls_free(tls);
  return NULL;
}

void tls_free(Tls *tls) {
  if (!tls) return;
  mbedtls_ssl_free(&tls->ssl);
  mbedtls_ssl_config_free(&tls->config);
  mbedtls_x509_crt_free(&tls->ca);
  mbedtls_x509_crt_free(&tls->certificate);
  mbedtls_pk_free(&tls->key);
  for (char **name = tls->alpn; *name; name++) free(*name);
  free(tls);
}

/* ---- the stream's calls ---- */

int tls_handshake(Tls *tls) {
  int status = judge(tls, mbedtls_ssl_handshake(&tls->ssl));
  if (status != TLS_ENDED) return status;
  strcpy(tls->failure, "closed during the handshake");
  return TLS_FAILED;
}

ptrdiff_t tls_read(Tls *tls, uint8_t *data, size_t size) {
  int status;
  do status = mbedtls_ssl_read(&tls->ssl, data, size);
#if MBEDTLS_VERSION_NUMBER >= 0x03060000
  while (status == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET);
#else
  while (false);
#endif
  return status == 0 ? TLS_ENDED : judge(tls, status);
}

ptrdiff_t tls_write(Tls *tls, const uint8_t *data, size_t size) {
  size_t part = tls->unfinished ? tls->unfinished : size;
  int status = judge(tls, mbedtls_ssl_write(&tls->ssl, data, part));
  tls->unfinished = status == TLS_AGAIN ? part : 0;
  return status;
}

int tls_end(Tls *tls) {
  return judge(tls, mbedtls_ssl_close_notify(&tls->ssl));
}

uint32_t tls_wants(const Tls *tls) {
  return tls->wants ? tls->wants : EPOLLOUT;
}

const char *tls_failure(const Tls *tls) {
  return tls->failure;
}

const char *tls_protocol(const Tls *tls) {
  return mbedtls_ssl_get_version(&tls->ssl);
}

const char *tls_alpn(const Tls *tls) {
  return mbedtls_ssl_get_alpn_protocol(&tls->ssl);
}
