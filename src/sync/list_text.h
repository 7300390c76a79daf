/*
 * The text of a control file while somebody writes it: which of its lines are to act now, which
 * later, which never. Contract §4.5 to §4.7. Knows neither the API nor what the lines mean.
 *
 * - A list that replaces is applied whole, once it is written. Lines with a sign, and those of
 *   what is opened to add to, are changes: each acts once, as soon as its line is whole.
 * - Offsets count as in any file. What changes have acted is not written over, but for a text
 *   that begins anew at offset 0 after all of it has acted. One that begins at offset 0 with a
 *   sign begins anew as well: over lines without a sign it would make no sense.
 * - Where the writes are cut means nothing: what a line is, its beginning tells.
 */
#ifndef GHSECRETFS_LIST_TEXT_H
#define GHSECRETFS_LIST_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

/* 20,000 repositories (ENTRIES_MAX) with names of a hundred bytes. */
#define LIST_TEXT_MAX (2u << 20)

struct list_text {
    struct buffer text; /* the file as who has it open sees it */
    bool additions;     /* opened to add to: all lines are changes, and offsets mean nothing */
    bool dirty;         /* there is something written that list_text_take() has not given */
    bool has_plain, has_signed; /* among the lines that were looked at */
    size_t scanned;             /* where those end */
    bool in_midst;              /* the last write has text behind it: more will come */
    size_t acted;               /* where the changes end that were taken */
    unsigned acted_lines;       /* that end before there */
    size_t written_at;          /* where list_text_take_back() cuts it off */
};

/* What is wrong with a list. */
struct list_problem {
    const char *text; /* in words for a person; static */
    unsigned line;    /* the first is 1 */
};

/* What is to be done now. */
struct list_piece {
    enum { LIST_NOTHING, LIST_CHANGES, LIST_REPLACES } use;
    const char *text; /* borrowed, until the next call */
    size_t len;
    unsigned line; /* that it begins with */
};

void list_text_init(struct list_text *list);
void list_text_release(struct list_text *list);

/* All that is in it was there before, and is not to be applied. */
void list_text_settle(struct list_text *list);

/* Takes a write; `offset` NULL appends. 0; -EFBIG; -EINVAL with `ret_problem`; -ENOMEM. */
int list_text_write(struct list_text *list, const char *data, size_t len,
    const uint64_t *offset, struct list_problem *ret_problem) WARN_UNUSED;

/* The last write was refused: who wrote it is where it was before. */
void list_text_take_back(struct list_text *list);

/* What was written stays, whatever becomes of it. */
void list_text_keep(struct list_text *list);

/* To nothing: as if nothing had been written, and it is no text to add to any more. 0; -EINVAL
 * for another length of what has acted; -EFBIG; -ENOMEM. */
int list_text_truncate(struct list_text *list, uint64_t len) WARN_UNUSED;

/* What is to be done inside a write, or with `all` when what is written is to be applied in
 * full. It is taken to be done. 0; -EINVAL with `ret_problem`. */
int list_text_take(struct list_text *list, bool all, struct list_piece *ret,
    struct list_problem *ret_problem) WARN_UNUSED;

#endif
