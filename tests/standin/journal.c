#include "journal.h"

#include <stdlib.h>
#include <utlist.h>

#include "json_members.h"
#include "server_clock.h"
#include "xalloc.h"

void journal_init(struct journal *journal)
{
    *journal = (struct journal){0};
    pthread_mutex_init(&journal->lock, NULL);
}

static void free_entry(struct journal_entry *entry)
{
    headers_free(&entry->headers);
    reply_release(&entry->reply);
    free(entry->method);
    free(entry->target);
    free(entry->body);
    free(entry);
}

void journal_release(struct journal *journal)
{
    journal_clear(journal);
    pthread_mutex_destroy(&journal->lock);
}

struct journal_entry *journal_begin(
    struct journal *journal, const struct request *request, unsigned connection)
{
    struct journal_entry *entry = xcalloc(1, sizeof(*entry));

    entry->end_ms = -1;
    entry->connection = connection;
    entry->method = xstrdup(request->method);
    entry->target = xstrdup(request->target);
    entry->headers = headers_copy(request->headers);
    pthread_mutex_lock(&journal->lock);
    entry->n = ++journal->last_n;
    entry->start_ms = clock_ms();
    entry->in_flight = ++journal->in_flight;
    DL_APPEND(journal->entries, entry);
    pthread_mutex_unlock(&journal->lock);
    return entry;
}

void journal_received(struct journal *journal, struct journal_entry *entry,
    const struct request *request, int64_t fault)
{
    pthread_mutex_lock(&journal->lock);
    entry->body = xmemdup(request->body, request->body_size);
    entry->body_size = request->body_size;
    entry->fault = fault;
    pthread_mutex_unlock(&journal->lock);
}

static void finish(struct journal *journal, struct journal_entry *entry)
{
    if (entry->end_ms < 0) {
        entry->end_ms = clock_ms();
        journal->in_flight--;
    }
}

void journal_answered(
    struct journal *journal, struct journal_entry *entry, const struct reply *reply)
{
    size_t kept = reply->body_size < JOURNAL_BODY_MAX ? reply->body_size : JOURNAL_BODY_MAX;

    pthread_mutex_lock(&journal->lock);
    reply_bytes(&entry->reply, reply->status, reply->body, kept);
    entry->reply.headers = headers_copy(reply->headers);
    entry->reply_size = reply->body_size;
    finish(journal, entry);
    pthread_mutex_unlock(&journal->lock);
}

void journal_end(struct journal *journal, struct journal_entry *entry)
{
    pthread_mutex_lock(&journal->lock);
    finish(journal, entry);
    entry->over = true;
    if (entry->forgotten)
        free_entry(entry);
    pthread_mutex_unlock(&journal->lock);
}

static void add_text(struct json_object *object, const char *key, const char *text, size_t size)
{
    json_object_object_add(
        object, key, json_object_new_string_len(text ? text : "", (int)size));
}

static struct json_object *entry_to_json(const struct journal_entry *entry)
{
    struct json_object *object = json_object_new_object();

    json_object_object_add(object, "n", json_object_new_int64((int64_t)entry->n));
    json_object_object_add(object, "t_start_ms", json_new_ms(entry->start_ms));
    json_object_object_add(
        object, "t_end_ms", entry->end_ms < 0 ? NULL : json_new_ms(entry->end_ms));
    json_object_object_add(object, "method", json_object_new_string(entry->method));
    json_object_object_add(object, "path", json_object_new_string(entry->target));
    json_object_object_add(object, "headers", headers_to_json(entry->headers));
    add_text(object, "body", entry->body, entry->body_size);
    json_object_object_add(object, "status", json_object_new_int((int)entry->reply.status));
    json_object_object_add(object, "response_headers", headers_to_json(entry->reply.headers));
    add_text(object, "response_body", entry->reply.body, entry->reply.body_size);
    json_object_object_add(
        object, "response_size", json_object_new_int64((int64_t)entry->reply_size));
    json_object_object_add(
        object, "fault", entry->fault ? json_object_new_int64(entry->fault) : NULL);
    json_object_object_add(object, "connection", json_object_new_int64(entry->connection));
    json_object_object_add(object, "in_flight", json_object_new_int64(entry->in_flight));
    return object;
}

struct json_object *journal_to_json(struct journal *journal)
{
    struct json_object *array = json_object_new_array();
    const struct journal_entry *entry;

    pthread_mutex_lock(&journal->lock);
    DL_FOREACH(journal->entries, entry)
    {
        json_object_array_add(array, entry_to_json(entry));
    }
    pthread_mutex_unlock(&journal->lock);
    return array;
}

void journal_clear(struct journal *journal)
{
    struct journal_entry *entry, *next;

    pthread_mutex_lock(&journal->lock);
    DL_FOREACH_SAFE(journal->entries, entry, next)
    {
        DL_DELETE(journal->entries, entry);
        if (entry->over)
            free_entry(entry);
        else
            entry->forgotten = true;
    }
    pthread_mutex_unlock(&journal->lock);
}
