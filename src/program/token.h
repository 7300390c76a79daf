/*
 * The token: where it comes from, and its bytes in locked memory.
 *
 * The first source that there is, is the one for the life of the mount: token_file;
 * token_command; the variables of the environment that `gh` reads for config->token_host (with
 * api_url on a loopback address, those of either kind); $CREDENTIALS_DIRECTORY/token; `gh auth
 * token`, unless root mounts. A source that fails is an error, not a reason to try the next.
 *
 * Invariant: the token is in no other memory of ours, and in no message.
 */
#ifndef GHSECRETFS_TOKEN_H
#define GHSECRETFS_TOKEN_H

#include "base/locked.h"
#include "base/loop.h"
#include "program/config.h"

/* Contract §1.6: a command's limit. GitHub's tokens have at most some 900 bytes. */
#define TOKEN_MAX_BYTES 4096

struct token;

/*
 * Chooses the source. `loop` and `config` must outlive the token.
 *
 * Unless token_command is given (which may need them), all four token variables are removed
 * from the environment, and their bytes overwritten where they are: neither
 * /proc/PID/environ nor a child shows them from then on. 0 or -ENOMEM.
 */
int token_new(struct loop *loop, const struct config *config, struct token **ret) WARN_UNUSED;

/* Wipes it. A read that has not answered never will; a command that runs is killed. */
void token_free(struct token *token);

/*
 * Reads the token, for the first time or again. Always answers from the loop, never before
 * this returns, and exactly once: done(arg, err), with `err`
 *   0           token_value() is what was read
 *   -ENOENT     there is no token: no source, no such file, nobody logged in to `gh`
 *   -EINVAL     empty, or no token: characters that can't be in one; or no regular file
 *   -EACCES     a file that others may read, or with the wrong owner
 *   -ELOOP      a file that is a symbolic link
 *   -EFBIG      longer than TOKEN_MAX_BYTES
 *   -EIO        the command failed
 *   -ETIMEDOUT  the command had not ended at `deadline_ms` (of loop_now_ms())
 *   or what open(2), read(2) or starting the command gave.
 * After an error the token is as it was, and token_problem() says why. `done` may free the
 * token or read it again. Returns 0, or -EBUSY while another read is unanswered (then `done`
 * is not called).
 */
int token_read(struct token *token, uint64_t deadline_ms, void (*done)(void *arg, int err),
    void *arg) WARN_UNUSED;

/* Whether reading it again can give another token: true for all sources but a variable, and
 * false when there is no source. */
bool token_rereadable(const struct token *token);

/* Whether reading it runs a command. */
bool token_runs_command(const struct token *token);

/* Without a line end; every byte is one of 0x21 to 0x7e. Empty before the first success, and
 * valid until the next read. */
const struct locked *token_value(const struct token *token);

/* For messages: "$GH_TOKEN", "token_file /etc/x", "token_command", "gh auth token". */
const char *token_origin(const struct token *token);

/* One printable line for a person on why the last read failed and what to do; "" when it did
 * not. */
const char *token_problem(const struct token *token);

#endif
