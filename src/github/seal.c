#include "github/seal.h"

#include <errno.h>
#include <sodium.h>

_Static_assert(SEAL_KEY_SIZE == crypto_box_PUBLICKEYBYTES, "the size of a public key");

int seal_setup(void)
{
    return sodium_init() < 0 ? -EIO : 0;
}

static bool is_usable(const struct seal_key *key)
{
    unsigned char sealed[crypto_box_SEALBYTES];
    return crypto_box_seal(sealed, (const unsigned char *)"", 0, key->bytes) == 0;
}

int seal_key_parse(const char *base64, struct seal_key *ret)
{
    struct seal_key key;
    size_t len;
    for (const char *c = base64; *c; c++)
        if ((unsigned char)*c >= 0x80) /* for libsodium 1.0.18 a '/' (evidence §3.9) */
            return -EPROTO;
    if (sodium_base642bin(key.bytes, sizeof key.bytes, base64, strlen(base64), NULL, &len, NULL,
            sodium_base64_VARIANT_ORIGINAL) != 0 ||
        len != sizeof key.bytes || !is_usable(&key))
        return -EPROTO;
    *ret = key;
    return 0;
}

int seal_value(const struct seal_key *key, const unsigned char *value, size_t len, char **ret)
{
    size_t sealed_len = len + crypto_box_SEALBYTES;
    size_t text_size = sodium_base64_ENCODED_LEN(sealed_len, sodium_base64_VARIANT_ORIGINAL);
    unsigned char *sealed = malloc(sealed_len);
    char *text = malloc(text_size);
    int err = -ENOMEM;

    if (sealed && text) {
        err = -EIO;
        if (crypto_box_seal(sealed, value, len, key->bytes) == 0) {
            sodium_bin2base64(
                text, text_size, sealed, sealed_len, sodium_base64_VARIANT_ORIGINAL);
            err = 0;
        }
    }
    free(sealed);
    if (err)
        free(text);
    else
        *ret = text;
    return err;
}
