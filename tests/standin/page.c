#include "page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xalloc.h"

static const size_t PAGE_SIZE_DEFAULT = 30;
static const size_t PAGE_SIZE_MAX = 100;

static size_t query_number(const struct request *request, const char *name, size_t otherwise)
{
    char *text = request_query(request, name);
    long long number = text ? strtoll(text, NULL, 10) : 0;

    free(text);
    return number > 0 ? (size_t)number : otherwise;
}

struct page page_of(const struct request *request)
{
    struct page page = {
        .number = query_number(request, "page", 1),
        .size = query_number(request, "per_page", PAGE_SIZE_DEFAULT),
    };

    if (page.size > PAGE_SIZE_MAX)
        page.size = PAGE_SIZE_MAX;
    return page;
}

void page_range(struct page page, size_t total, size_t *ret_begin, size_t *ret_end)
{
    size_t before = page.number - 1;

    *ret_begin = before > total / page.size ? total : before * page.size;
    *ret_end = total - *ret_begin > page.size ? *ret_begin + page.size : total;
}

/* The query with its page replaced, in the place it has. */
static void write_query(FILE *out, const char *query, size_t number)
{
    bool written = false;

    for (const char *at = query; *at;) {
        size_t size = strcspn(at, "&");

        if (strncmp(at, "page=", 5) == 0) {
            fprintf(out, "%spage=%zu", at == query ? "" : "&", number);
            written = true;
        } else {
            fprintf(out, "%s%.*s", at == query ? "" : "&", (int)size, at);
        }
        at += size + (at[size] == '&');
    }
    if (!written)
        fprintf(out, "%spage=%zu", *query ? "&" : "", number);
}

void page_link(struct call *call, struct page page, size_t total)
{
    size_t last = total > 0 ? (total - 1) / page.size + 1 : 1;
    const struct {
        const char *rel;
        size_t number;
        bool there;
    } links[] = {
        {"prev", page.number - 1 < last ? page.number - 1 : last, page.number > 1},
        {"next", page.number + 1, page.number < last},
        {"last", last, page.number < last},
        {"first", 1, page.number > 1},
    };
    char *base = request_base_url(call->request), *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        abort();
    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
        if (!links[i].there)
            continue;
        fprintf(out, "%s<%s%s?", ftell(out) > 0 ? ", " : "", base, call->link_path);
        write_query(out, call->request->query, links[i].number);
        fprintf(out, ">; rel=\"%s\"", links[i].rel);
    }
    fclose(out);
    if (*text)
        reply_header(call->reply, "Link", "%s", text);
    free(text);
    free(base);
}
