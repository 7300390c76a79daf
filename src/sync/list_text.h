/*
 * The text of a control file (`repositories`, `visibility`) while somebody writes the file:
 * which of the lines are to be applied now, which later, which never. Contract §4.5 to §4.7.
 * Knows neither the API nor what a line means.
 *
 * - Lines without a sign are a list that replaces the selection: the list is applied whole,
 *   when the writer closes or syncs the file. Lines with a sign, and all lines of a file that
 *   was opened with O_APPEND or that is `visibility`, are changes: each change is applied once,
 *   as soon as its line is complete. A change that was applied has acted.
 * - Offsets count as in any file. A line that has acted cannot be written over. But a write at
 *   offset 0 begins a new text if all of the old text has acted, or if nothing was written yet
 *   and the write begins with a sign (the old text is then the list as it was read).
 * - Where the text is cut into writes means nothing: the first byte of a line says what the
 *   line is.
 */
#ifndef GHSECRETFS_LIST_TEXT_H
#define GHSECRETFS_LIST_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

/* Bytes: room for 20,000 repositories (ENTRIES_MAX) with names of a hundred bytes. */
#define LIST_TEXT_MAX (2u << 20)

struct list_text {
    struct buffer text;   /* the file, as its writer sees the file */
    bool additions;       /* every line is a change, and every write appends; the caller sets */
    bool dirty;           /* a part of the text that was written is not yet taken */
    bool has_plain;       /* a line that was looked at has an entry without a sign */
    bool has_signed;      /* a line that was looked at has an entry with a sign */
    size_t scanned;       /* end of the complete lines that were looked at */
    bool in_midst;        /* the last write ended before the end of the text: more will come */
    size_t acted;         /* offset behind the last change that list_text_take() gave */
    unsigned acted_lines; /* number of line ends before `acted` */
    size_t written_at;    /* length that list_text_take_back() restores */
};

/* What is wrong with a text, and in which line. */
struct list_problem {
    const char *text; /* in words for a person; static */
    unsigned line;    /* the first line is 1 */
};

/* A part of the text that is to be applied now, and how. */
struct list_piece {
    enum { LIST_NOTHING, LIST_CHANGES, LIST_REPLACES } use;
    const char *text; /* borrowed until the next call on the list */
    size_t len;
    unsigned line; /* number of the first line of the part */
};

void list_text_init(struct list_text *list);
void list_text_release(struct list_text *list);

/* The text so far is what the file read as before anything was written: nothing of the text is
 * to be applied. */
void list_text_settle(struct list_text *list);

/* Takes a write at `*offset`, or at the end if `offset` is NULL. 0; -EFBIG; -ENOMEM; -EINVAL
 * with `ret_problem`, for a write over lines that have acted. */
int list_text_write(struct list_text *list, const char *data, size_t len,
    const uint64_t *offset, struct list_problem *ret_problem) WARN_UNUSED;

/* The program's last write is answered with an error: cuts off what list_text_write() added, if
 * all of the text has acted, so that the writer can write there again. */
void list_text_take_back(struct list_text *list);

/* Call before a flush or fsync applies the text: if the flush or fsync fails, no write is
 * answered with an error, so list_text_take_back() does nothing until the next write. */
void list_text_keep(struct list_text *list);

/* Sets the length. Length 0 makes the text new, and clears `additions`. 0; -EINVAL for any
 * other length if a change has acted, or with `additions`; -EFBIG; -ENOMEM. */
int list_text_truncate(struct list_text *list, uint64_t len) WARN_UNUSED;

/* Gives the part of the text that is to be applied, and gives each part only once. Without
 * `all`, as inside a write: the changes whose lines are complete. With `all`, as at the last
 * flush or at fsync: all that was not applied yet. 0; -EINVAL with `ret_problem`, if lines with
 * and without a sign are mixed. */
int list_text_take(struct list_text *list, bool all, struct list_piece *ret,
    struct list_problem *ret_problem) WARN_UNUSED;

#endif
