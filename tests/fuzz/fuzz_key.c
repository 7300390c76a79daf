/*
 * github/seal.h and json.h: a public key as the API answers with it. What is taken is 32 bytes
 * that have one spelling, and something can be sealed for them or that is refused.
 */
#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "fuzz.h"
#include "github/json.h"
#include "github/seal.h"

static void check_key(const struct seal_key *key, const char *base64)
{
    char again[sodium_base64_ENCODED_LEN(SEAL_KEY_SIZE, sodium_base64_VARIANT_ORIGINAL)];
    char *sealed = NULL;
    sodium_bin2base64(
        again, sizeof again, key->bytes, SEAL_KEY_SIZE, sodium_base64_VARIANT_ORIGINAL);
    REQUIRE(strcmp(again, base64) == 0);
    int err = seal_value(key, (const unsigned char *)"value", 5, &sealed);
    REQUIRE(err == 0 || err == -EIO);
    REQUIRE((err == 0) == (sealed != NULL));
    free(sealed);
}

static void check_text(const char *base64)
{
    struct seal_key key;
    int err = seal_key_parse(base64, &key);
    REQUIRE(err == 0 || err == -EPROTO);
    if (!err)
        check_key(&key, base64);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json_object *json = NULL;
    char *text = copy_bytes(data, size);

    REQUIRE(seal_setup() == 0);
    int err = json_read(text, size, &json);
    REQUIRE(err == 0 || err == -EPROTO);
    if (!err) {
        const char *base64 = json_string(json, "key");
        int64_t id = -1;
        if (base64)
            check_text(base64);
        REQUIRE(!json_number(json, "key_id", &id) || (id >= 0 && id < INT64_MAX));
        json_object_put(json);
    }
    free(text);

    text = copy_string(data, size);
    check_text(text);
    free(text);
    return 0;
}
