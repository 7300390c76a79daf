/*
 * Sealed boxes: what GitHub calls "encrypting secrets for the REST API". No other file uses
 * libsodium's cryptography.
 */
#ifndef GHSECRETFS_SEAL_H
#define GHSECRETFS_SEAL_H

#include <stddef.h>

#include "base/text.h"

#define SEAL_KEY_SIZE 32u /* crypto_box_PUBLICKEYBYTES */

struct seal_key {
    unsigned char bytes[SEAL_KEY_SIZE];
};

/* To be called once, before the other functions. 0 or -EIO. */
int seal_setup(void) WARN_UNUSED;

/* Reads a public key from standard base64. 0, or -EPROTO when the text is no base64, or the key
 * does not have 32 bytes or is a point of small order, for which nothing can be sealed. */
int seal_key_parse(const char *base64, struct seal_key *ret) WARN_UNUSED;

/* Seals the value for the key. `*ret` is base64, which the caller frees. 0, -ENOMEM, or -EIO
 * for a key that seal_key_parse() refuses. */
int seal_value(
    const struct seal_key *key, const unsigned char *value, size_t len, char **ret) WARN_UNUSED;

#endif
