/*
 * Pages of a list: per_page and page of the query, and the Link header that leads on.
 */
#ifndef STANDIN_PAGE_H
#define STANDIN_PAGE_H

#include "router.h"

struct page {
    size_t number; /* from 1 */
    size_t size;
};

/* GitHub's defaults for what is missing or no number; at most 100 a page. */
struct page page_of(const struct request *request);

/* The part of a list of total items that is on the page: [*ret_begin, *ret_end). */
void page_range(struct page page, size_t total, size_t *ret_begin, size_t *ret_end);

/* Adds the Link header, if there is more than one page. */
void page_link(struct call *call, struct page page, size_t total);

#endif
