#include "github/list.h"

#include <assert.h>
#include <errno.h>

#include "base/heap.h"
#include "github/request.h"
#include "github/url.h"

/* Of 100 rows each. A server that tells of more pages is wrong. */
#define PAGES_MAX 1000
/* So often a list is fetched whose pages do not add up. The list may change between two pages,
 * but hardly each time. */
#define ROUNDS_MAX 3
/* So often all pages of a list are read once more. Who changes a list more often while the list
 * is read is a program, which does not stop for us. */
#define AGAIN_MAX 10

struct page {
    struct list *list;
    struct request *request; /* the page's request; NULL when none is under way */
    char *etag;
    bool not_modified; /* the last answer was 304, or said what the answer before had said */
    bool have;         /* the page was answered */
    bool was_read;     /* the page is read once more; `rows` is of the reading before */
    struct rows rows;
};

struct list {
    struct github *gh;
    char *path;
    enum row_kind kind;
    uint64_t deadline_ms;
    list_done *done;
    void *arg;

    struct page **pages; /* page 1 first */
    unsigned count;
    unsigned pending;          /* pages with a request */
    unsigned round;            /* how often the list was begun anew */
    unsigned again;            /* how often all pages were asked for once more */
    bool is_being_reread;      /* all pages are asked for once more now */
    bool conditional;          /* pages are asked for with their ETags */
    unsigned token_generation; /* at the start; counts for every ETag, a later token's too */
    unsigned sso_hidden;       /* rows.sso_hidden of the page that hides most */
};

static int list_fetch(struct list *list, unsigned index);

void etags_release(struct etags *etags)
{
    for (unsigned i = 0; i < etags->count; i++)
        free(etags->etag[i]);
    free(etags->etag);
    *etags = (struct etags){0};
}

static void drop_pages(struct list *list, unsigned from)
{
    for (unsigned i = from; i < list->count; i++) {
        if (list->pages[i]->request) {
            assert(list->pending > 0);
            list->pending--;
        }
        request_cancel(list->pages[i]->request);
        free(list->pages[i]->etag);
        rows_release(&list->pages[i]->rows);
        free(list->pages[i]);
    }
    if (list->count > from)
        list->count = from;
}

void list_cancel(struct list *list)
{
    if (!list)
        return;
    drop_pages(list, 0);
    free(list->pages);
    free(list->path);
    free(list);
}

static void list_fail(struct list *list, const struct failure *why)
{
    list_done *done = list->done;
    void *arg = list->arg;
    const struct failure copy = *why;

    list_cancel(list);
    done(arg, &copy, NULL, NULL);
}

static void list_fail_errno(struct list *list, int err, const char *message)
{
    struct failure why;
    failure_set(&why, err, "%s: %s", list->path, message);
    list_fail(list, &why);
}

/* Adds empty pages, or drops the last pages, until there are `count` pages. 0 or -ENOMEM. */
static int list_set_count(struct list *list, unsigned count)
{
    assert(count > 0 && count <= PAGES_MAX);
    drop_pages(list, count);
    if (count == list->count)
        return 0;
    struct page **pages = realloc(list->pages, count * sizeof *pages);
    if (!pages)
        return -ENOMEM;
    list->pages = pages;
    while (list->count < count) {
        struct page *page = calloc(1, sizeof *page);
        if (!page)
            return -ENOMEM;
        page->list = list;
        pages[list->count++] = page;
    }
    return 0;
}

/* The rows of each page, an array that the caller frees; NULL without memory. */
static const struct rows **list_parts(const struct list *list)
{
    const struct rows **parts = calloc(list->count, sizeof *parts);
    for (unsigned i = 0; parts && i < list->count; i++)
        parts[i] = &list->pages[i]->rows;
    return parts;
}

/* The rows of all pages in one, and the pages' ETags, which the list gives up. */
static int list_gather(struct list *list, struct rows *rows, struct etags *etags)
{
    const struct rows **parts = list_parts(list);

    *etags = (struct etags){.etag = calloc(list->count, sizeof *etags->etag)};
    int err = parts && etags->etag ? rows_join(parts, list->count, rows) : -ENOMEM;
    free(parts);
    if (err) {
        free(etags->etag);
        return err;
    }
    etags->count = list->count;
    etags->token_generation = list->token_generation;
    for (unsigned i = 0; i < list->count; i++) {
        etags->etag[i] = list->pages[i]->etag;
        list->pages[i]->etag = NULL;
    }
    return 0;
}

static void list_succeed(struct list *list, bool unchanged)
{
    struct rows rows = {0};
    struct etags etags = {0};
    list_done *done = list->done;
    void *arg = list->arg;
    unsigned sso_hidden = list->sso_hidden, per_page = rows_per_page(list->kind);

    if (!unchanged && list_gather(list, &rows, &etags) != 0) {
        list_fail_errno(list, -ENOMEM, strerror(ENOMEM));
        return;
    }
    list_cancel(list);
    rows.sso_hidden = sso_hidden;
    done(arg, NULL, unchanged ? NULL : &rows, &etags);
    bool was_long = rows.count > per_page;
    rows_release(&rows);
    etags_release(&etags);
    if (was_long)
        heap_trim();
}

/* How many pages the first page tells of; 0: more than PAGES_MAX. */
static unsigned pages_in_all(const struct page *first, unsigned last_page)
{
    uint64_t pages = last_page, per_page = rows_per_page(first->list->kind);
    if (first->rows.total >= 0)
        pages = ((uint64_t)first->rows.total + per_page - 1) / per_page;
    if (pages == 0)
        pages = 1;
    return pages > PAGES_MAX ? 0 : (unsigned)pages;
}

/* Do the pages make one list? When the list changes while its pages are fetched, the number of
 * rows may be right, with one entry twice in place of another. 0, -EPROTO or -ENOMEM. */
static int list_adds_up(const struct list *list)
{
    uint64_t sum = 0;
    int64_t total = list->pages[0]->rows.total;

    for (unsigned i = 0; i < list->count; i++) {
        assert(list->pages[i]->have && !list->pages[i]->not_modified);
        sum += list->pages[i]->rows.count;
        if (list->pages[i]->rows.total != total)
            return -EPROTO;
    }
    if (total >= 0 && sum != (uint64_t)total)
        return -EPROTO;
    const struct rows **parts = list_parts(list);
    int err = parts ? rows_check_once(parts, list->count) : -ENOMEM;
    free(parts);
    return err == -EEXIST ? -EPROTO : err;
}

/* Asks for every page that has not been answered. False: asking failed; the list has ended. */
static bool list_fetch_missing(struct list *list)
{
    for (unsigned i = 0; i < list->count; i++) {
        if (list->pages[i]->have || list->pages[i]->request)
            continue;
        int err = list_fetch(list, i);
        if (err) {
            list_fail_errno(list, err, strerror(-err));
            return false;
        }
    }
    return true;
}

static void list_start_over(struct list *list)
{
    if (++list->round >= ROUNDS_MAX) {
        list_fail_errno(list, -EPROTO, "the pages do not add up");
        return;
    }
    list->is_being_reread = false;
    drop_pages(list, 0);
    if (list_set_count(list, 1) != 0)
        list_fail_errno(list, -ENOMEM, strerror(ENOMEM));
    else
        (void)list_fetch_missing(list);
}

/* Contract §3.20: pages that shifted may add up and leave a row out. Where rows are sent back,
 * all pages must be what they were once the last page had come. */
static bool must_be_read_again(const struct list *list)
{
    return list->kind == ROW_SELECTED && list->count > 1;
}

static void list_read_again(struct list *list)
{
    if (list->again++ >= AGAIN_MAX) {
        list_fail_errno(list, -EAGAIN, "the list changes each time that it is read");
        return;
    }
    list->is_being_reread = true;
    list->conditional = true;
    for (unsigned i = 0; i < list->count; i++) {
        struct page *page = list->pages[i];
        page->was_read = true;
        page->have = page->not_modified = false;
    }
    (void)list_fetch_missing(list);
}

/* All pages are there: are the pages one list? */
static void list_check(struct list *list)
{
    int err = list_adds_up(list);
    if (err == -EPROTO)
        list_start_over(list);
    else if (err)
        list_fail_errno(list, err, strerror(-err));
    else if (must_be_read_again(list))
        list_read_again(list);
    else
        list_succeed(list, false);
}

/* No request is under way any more: is the list complete? */
static void list_settle(struct list *list)
{
    unsigned unchanged = 0;

    assert(list->pending == 0);
    for (unsigned i = 0; i < list->count; i++)
        unchanged += list->pages[i]->not_modified;
    if (unchanged == list->count) {
        list_succeed(list, !list->is_being_reread);
        return;
    }
    if (list->is_being_reread) {
        for (unsigned i = 0; i < list->count; i++)
            list->pages[i]->not_modified = false; /* each page has its rows */
        list_check(list);
        return;
    }
    /* Some pages have changed: the rows of the unchanged pages are needed as well. */
    list->conditional = false;
    for (unsigned i = 0; i < list->count; i++) {
        struct page *page = list->pages[i];
        page->have &= !page->not_modified;
        page->not_modified = false;
    }
    if (list_fetch_missing(list) && list->pending == 0)
        list_check(list);
}

/* A page that is read again and has the same rows is as good as a 304: there are servers
 * without ETags, and bodies that say more than the rows. */
static int page_take(struct page *page, const struct http_response *response)
{
    struct rows rows;
    if (response->sso_hidden > page->list->sso_hidden)
        page->list->sso_hidden = response->sso_hidden;
    free(page->etag);
    page->etag = response->etag[0] ? strdup(response->etag) : NULL;
    int err = rows_parse_list(response->body.data ? response->body.data : "",
        response->body.len, page->list->kind, rows_per_page(page->list->kind), &rows);
    if (err)
        return err;
    page->not_modified = page->was_read && rows_are_same(&page->rows, &rows);
    rows_release(&page->rows);
    page->rows = rows;
    return 0;
}

/* How many pages the list has, now that `page` is known; 0: more than PAGES_MAX. The last page
 * may link to a next one: the list has grown, or the server gives no link to the last. */
static unsigned expected_pages(const struct page *page, const struct http_response *response)
{
    const struct list *list = page->list;
    if (page == list->pages[0])
        return pages_in_all(
            page, response->last_page ? response->last_page : response->next_page);
    if (page == list->pages[list->count - 1] && page->rows.total < 0 &&
        response->next_page == list->count + 1)
        return list->count + 1 > PAGES_MAX ? 0 : list->count + 1;
    return list->count;
}

static void page_done(
    void *arg, const struct failure *why, const struct http_response *response)
{
    struct page *page = arg;
    struct list *list = page->list;

    assert(page->request && list->pending > 0);
    page->request = NULL;
    list->pending--;
    if (why) {
        list_fail(list, why);
        return;
    }
    page->have = true;
    page->not_modified = response->status == 304;
    if (!page->not_modified) {
        int err = page_take(page, response);
        unsigned count = err ? 0 : expected_pages(page, response);
        if (!err && count == 0)
            err = -EPROTO;
        if (!err)
            err = list_set_count(list, count);
        if (err) {
            list_fail_errno(list, err,
                err == -EPROTO ? "not the JSON that the API describes" : strerror(-err));
            return;
        }
        if (!list_fetch_missing(list))
            return;
    }
    if (list->pending == 0)
        list_settle(list);
}

static int list_fetch(struct list *list, unsigned index)
{
    struct page *page = list->pages[index];
    struct buffer path;
    assert(!page->request);
    buffer_init(&path, URL_MAX);
    int err = buffer_add_string(&path, list->path);
    if (!err)
        err = url_add_query(&path, "per_page", rows_per_page(list->kind));
    if (!err && index > 0)
        err = url_add_query(&path, "page", index + 1);
    if (!err) {
        struct request_options options = {
            .endpoint = ENDPOINT_LIST,
            .path = path.data,
            .etag = list->conditional ? page->etag : NULL,
            .deadline_ms = list->deadline_ms,
        };
        err = request_start(list->gh, &options, page_done, page, &page->request);
    }
    if (!err)
        list->pending++;
    buffer_release(&path);
    return err;
}

int list_start(struct github *gh, const char *path, enum row_kind kind,
    const struct etags *known, uint64_t deadline_ms, list_done *done, void *arg,
    struct list **ret)
{
    struct list *list = calloc(1, sizeof *list);
    if (!list)
        return -ENOMEM;
    list->gh = gh;
    list->kind = kind;
    list->deadline_ms = deadline_ms;
    list->done = done;
    list->arg = arg;
    list->path = strdup(path);
    list->token_generation = github_token_generation(gh);
    list->conditional =
        known && known->count > 0 && known->token_generation == list->token_generation;
    int err = list->path ? list_set_count(list, list->conditional ? known->count : 1) : -ENOMEM;
    for (unsigned i = 0; !err && list->conditional && i < list->count; i++) {
        if (known->etag[i] && !(list->pages[i]->etag = strdup(known->etag[i])))
            err = -ENOMEM;
    }
    for (unsigned i = 0; !err && i < list->count; i++)
        err = list_fetch(list, i);
    if (err) {
        list_cancel(list);
        return err;
    }
    *ret = list;
    return 0;
}
