#include "standin_journal.h"

#include <fnmatch.h>
#include <string.h>

#include "cmocka_all.h"

static struct json_object *member(struct json_object *object, const char *key)
{
    struct json_object *value = NULL;
    assert_true(json_object_object_get_ex(object, key, &value));
    return value;
}

void journal_read(const struct standin *standin, struct journal *journal)
{
    journal->json = standin_get(standin, "journal");
    struct json_object *requests = member(journal->json, "requests");
    journal->count = json_object_array_length(requests);
    assert_uint_in_range(journal->count, 0, JOURNAL_MAX);
    for (size_t i = 0; i < journal->count; i++) {
        struct json_object *request = json_object_array_get_idx(requests, i);
        struct json_object *end = member(request, "t_end_ms");
        journal->entry[i] = (struct journal_entry){
            .method = json_object_get_string(member(request, "method")),
            .path = json_object_get_string(member(request, "path")),
            .body = json_object_get_string(member(request, "body")),
            .status = json_object_get_int(member(request, "status")),
            .start_ms = json_object_get_double(member(request, "t_start_ms")),
            .end_ms = end ? json_object_get_double(end) : -1,
            .in_flight = json_object_get_int(member(request, "in_flight")),
            .headers = member(request, "headers"),
        };
    }
}

void journal_release(struct journal *journal)
{
    json_object_put(journal->json);
    journal->json = NULL;
    journal->count = 0;
}

size_t journal_count(const struct journal *journal, const char *method, const char *pattern)
{
    size_t count = 0;
    for (size_t i = 0; i < journal->count; i++) {
        const struct journal_entry *entry = &journal->entry[i];
        count += (!method || strcmp(entry->method, method) == 0) &&
                 (!pattern || fnmatch(pattern, entry->path, 0) == 0);
    }
    return count;
}

size_t requests_to(const struct standin *standin, const char *method, const char *pattern)
{
    struct journal journal;
    journal_read(standin, &journal);
    size_t count = journal_count(&journal, method, pattern);
    journal_release(&journal);
    return count;
}

const char *entry_header(const struct journal_entry *entry, const char *name)
{
    struct json_object *value = NULL;
    json_object_object_get_ex(entry->headers, name, &value);
    return value ? json_object_get_string(value) : NULL;
}
