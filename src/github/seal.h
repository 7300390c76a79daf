/*
 * Sealed boxes: what GitHub calls "encrypting secrets for the REST API". The only user of
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

/* Call once before the others. 0 or -EIO. */
int seal_setup(void) WARN_UNUSED;

/* A public key in standard base64. 0, or -EPROTO when it is not 32 bytes, or a point of small
 * order, for which nothing can be sealed. */
int seal_key_parse(const char *base64, struct seal_key *ret) WARN_UNUSED;

/* The value sealed for the key, in base64, as a string to free(). 0, -ENOMEM, or -EIO for a key
 * that seal_key_parse() would not take. */
int seal_value(
    const struct seal_key *key, const unsigned char *value, size_t len, char **ret) WARN_UNUSED;

#endif
