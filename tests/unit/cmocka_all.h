/*
 * cmocka with what it wants to be included before it.
 */
#ifndef TESTS_CMOCKA_ALL_H
#define TESTS_CMOCKA_ALL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* As cmocka 2 calls what cmocka 1 has as assert_in_range(). */
#ifndef assert_uint_in_range
#define assert_uint_in_range assert_in_range
#endif

#define LENGTH(array) (sizeof(array) / sizeof *(array))

#endif
