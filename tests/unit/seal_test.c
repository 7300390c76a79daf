/*
 * seal.h: what is sealed opens with the secret key and no other.
 */
#include "github/seal.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"

static unsigned char public_key[crypto_box_PUBLICKEYBYTES];
static unsigned char secret_key[crypto_box_SECRETKEYBYTES];

/* The opened value, to free(); `len` is what the value should have. */
static unsigned char *open_box(const char *base64, size_t len)
{
    size_t size = strlen(base64) + 1, sealed_len;
    unsigned char *sealed = malloc(size), *value = malloc(len + 1);
    assert_int_equal(sodium_base642bin(sealed, size, base64, strlen(base64), NULL, &sealed_len,
                         NULL, sodium_base64_VARIANT_ORIGINAL),
        0);
    assert_int_equal(sealed_len, len + crypto_box_SEALBYTES);
    assert_int_equal(
        crypto_box_seal_open(value, sealed, sealed_len, public_key, secret_key), 0);
    sealed[sealed_len - 1] ^= 1;
    assert_int_not_equal(
        crypto_box_seal_open(value, sealed, sealed_len, public_key, secret_key), 0);
    sealed[sealed_len - 1] ^= 1;
    assert_int_equal(
        crypto_box_seal_open(value, sealed, sealed_len, public_key, secret_key), 0);
    free(sealed);
    return value;
}

static void parse_own_key(struct seal_key *key)
{
    char base64[64];
    sodium_bin2base64(
        base64, sizeof base64, public_key, sizeof public_key, sodium_base64_VARIANT_ORIGINAL);
    assert_int_equal(seal_key_parse(base64, key), 0);
    assert_memory_equal(key->bytes, public_key, sizeof public_key);
}

static void test_round_trip(void **state)
{
    static const size_t sizes[] = {0, 1, 2, 3, 255, 4096, 49152};
    struct seal_key key;
    (void)state;
    parse_own_key(&key);
    for (size_t i = 0; i < LENGTH(sizes); i++) {
        size_t len = sizes[i];
        unsigned char *value = malloc(len + 1);
        char *sealed = NULL;
        for (size_t k = 0; k < len; k++)
            value[k] = (unsigned char)(k * 7);
        assert_int_equal(seal_value(&key, value, len, &sealed), 0);
        unsigned char *opened = open_box(sealed, len);
        assert_memory_equal(opened, value, len);
        free(opened);
        free(sealed);
        free(value);
    }
}

static void test_never_the_same(void **state)
{
    struct seal_key key;
    char *first, *second;
    (void)state;
    parse_own_key(&key);
    assert_int_equal(seal_value(&key, (const unsigned char *)"v", 1, &first), 0);
    assert_int_equal(seal_value(&key, (const unsigned char *)"v", 1, &second), 0);
    assert_string_not_equal(first, second);
    free(first);
    free(second);
}

static void test_keys_of_other_sizes(void **state)
{
    static const size_t sizes[] = {0, 1, 16, 31, 33, 64};
    static const unsigned char bytes[64] = {1, 2, 3};
    (void)state;
    for (size_t i = 0; i < LENGTH(sizes); i++) {
        char base64[100];
        struct seal_key key = {{42}};
        sodium_bin2base64(
            base64, sizeof base64, bytes, sizes[i], sodium_base64_VARIANT_ORIGINAL);
        assert_int_equal(seal_key_parse(base64, &key), -EPROTO);
        assert_int_equal(key.bytes[0], 42);
    }
}

static void test_no_keys(void **state)
{
    static const char *const rows[] = {
        "",
        "key",
        "!!!!",
        "CQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",   /* unpadded */
        "CQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==", /* padded too much */
        "CQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=",  /* bits in the padding */
        "CQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA-=",  /* of the URL's alphabet */
        " CQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "CQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "CQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= AAAA",
    };
    struct seal_key key;
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++)
        if (seal_key_parse(rows[i], &key) != -EPROTO)
            fail_msg("'%s' was taken", rows[i]);
}

/* The points of small order of the curve and of its twist, and numbers that are the same modulo
 * 2^255 - 19. */
static const char *const small_orders[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "0100000000000000000000000000000000000000000000000000000000000080",
};

static void test_points_of_small_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(small_orders); i++) {
        struct seal_key key = {{42}}, point;
        char base64[64], *sealed = NULL;
        assert_int_equal(sodium_hex2bin(point.bytes, sizeof point.bytes, small_orders[i], 64,
                             NULL, NULL, NULL),
            0);
        sodium_bin2base64(base64, sizeof base64, point.bytes, sizeof point.bytes,
            sodium_base64_VARIANT_ORIGINAL);
        assert_int_equal(seal_key_parse(base64, &key), -EPROTO);
        assert_int_equal(key.bytes[0], 42);
        assert_int_equal(seal_value(&point, (const unsigned char *)"v", 1, &sealed), -EIO);
        assert_null(sealed);
    }
}

static int set_up(void **state)
{
    (void)state;
    return seal_setup() != 0 || crypto_box_keypair(public_key, secret_key) != 0 ? -1 : 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_never_the_same),
        cmocka_unit_test(test_keys_of_other_sizes),
        cmocka_unit_test(test_no_keys),
        cmocka_unit_test(test_points_of_small_order),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
