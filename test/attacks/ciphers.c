// SPDX-License-Identifier: Apache-2.0
// The ciphers of 802.11 for attacks: arguments and answer in hex.
//
//   ciphers seal KEY NONCE ADDITIONAL TEXT   AES-CCM with a tag of 8 bytes at the end (IEEE 802.11-2020, 12.5.3: CCMP)
//   ciphers open KEY NONCE ADDITIONAL TEXT   the text of what `seal` made; exit status 1 when the tag does not fit
//   ciphers sha1 KEY DATA                    HMAC-SHA-1
#include <mbedtls/ccm.h>
#include <mbedtls/md.h>
#include <stdio.h>
#include <string.h>

enum { MAX = 4096, TAG = 8, NONCE = 13, KEY = 16 };

struct bytes {
    unsigned char at[MAX];
    size_t length;
};

// False for text that is not pairs of hexadecimal digits, or too long.
static int decode(const char *text, struct bytes *out)
{
    out->length = 0;
    for (unsigned value; *text; text += 2) {
        if (out->length == MAX - TAG || !text[1] || sscanf(text, "%2x", &value) != 1) return 0;
        out->at[out->length++] = (unsigned char)value;
    }
    return 1;
}

static int show(const unsigned char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) printf("%02x", bytes[i]);
    putchar('\n');
    return 0;
}

static int ccm(int sealing, const struct bytes *key, const struct bytes *nonce, const struct bytes *additional, struct bytes *text)
{
    mbedtls_ccm_context context;
    unsigned char *at = text->at;
    size_t length = sealing ? text->length : text->length - TAG;
    if (key->length != KEY || nonce->length != NONCE || (!sealing && text->length < TAG)) return 2;
    mbedtls_ccm_init(&context);
    if (mbedtls_ccm_setkey(&context, MBEDTLS_CIPHER_ID_AES, key->at, 8 * KEY)) return 2;
    int failed = sealing ? mbedtls_ccm_encrypt_and_tag(&context, length, nonce->at, NONCE, additional->at, additional->length, at, at, at + length, TAG)
                         : mbedtls_ccm_auth_decrypt(&context, length, nonce->at, NONCE, additional->at, additional->length, at, at, at + length, TAG);
    return failed ? 1 : show(at, sealing ? length + TAG : length);
}

static int sha1(const struct bytes *key, const struct bytes *data)
{
    unsigned char digest[20];
    if (mbedtls_md_hmac(mbedtls_md_info_from_type(MBEDTLS_MD_SHA1), key->at, key->length, data->at, data->length, digest)) return 2;
    return show(digest, sizeof digest);
}

int main(int argc, char **argv)
{
    static struct bytes given[4];
    const char *what = argc > 1 ? argv[1] : "";
    int count = !strcmp(what, "sha1") ? 2 : !strcmp(what, "seal") || !strcmp(what, "open") ? 4 : 0, good = count > 0 && argc == count + 2;
    for (int i = 0; good && i < count; i++) good = decode(argv[i + 2], &given[i]);
    if (!good) {
        fputs("usage: ciphers seal|open KEY NONCE ADDITIONAL TEXT, ciphers sha1 KEY DATA; all in hex\n", stderr);
        return 2;
    }
    return count == 2 ? sha1(&given[0], &given[1]) : ccm(*what == 's', &given[0], &given[1], &given[2], &given[3]);
}
