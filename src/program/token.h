/*
 * The token: where it comes from, and its bytes in locked memory.
 *
 * The first of these sources that exists is used for the life of the mount (contract §1.6):
 *
 *   1. token_file
 *   2. token_command
 *   3. the variables of the environment that `gh` reads for config->token_host; with api_url on
 *      a loopback address, those for any host
 *   4. $CREDENTIALS_DIRECTORY/token
 *   5. `gh auth token`, unless root mounts
 *
 * A source that fails is an error, and the next source is not tried.
 *
 * Invariant: the token is in no other memory of ours, and in no message.
 */
#ifndef GHSECRETFS_TOKEN_H
#define GHSECRETFS_TOKEN_H

#include "base/locked.h"
#include "base/loop.h"
#include "program/config.h"

/* Contract §1.6 sets this limit for the output of a command. GitHub's tokens have at most some
 * 900 bytes. */
#define TOKEN_MAX_BYTES 4096

struct token;

/*
 * Chooses the source. `loop` and `config` must outlive the token.
 *
 * All four token variables are removed from the environment and overwritten in memory, so that
 * neither /proc/PID/environ nor a child shows them from then on. With token_command they stay,
 * since the command may need them. 0 or -ENOMEM.
 */
int token_new(struct loop *loop, const struct config *config, struct token **ret) WARN_UNUSED;

/* Wipes the token and frees it. A read that has not answered never will; a command that runs is
 * killed. */
void token_free(struct token *token);

/* clang-format off */
/*
 * Reads the token, for the first time or again. The loop then calls done(arg, err) exactly
 * once, never before token_read() returns, with `err`
 *   0           token_value() is what was read
 *   -ENOENT     no token: no source, no such file, or nobody has logged in to `gh`
 *   -EINVAL     the source gave nothing, or characters that can't be in a token; or the file
 *               is no regular file
 *   -EACCES     others may read the file, or the file has the wrong owner
 *   -ELOOP      the file is a symbolic link
 *   -EFBIG      the token is longer than TOKEN_MAX_BYTES
 *   -EIO        the command failed
 *   -ETIMEDOUT  the command had not ended at `deadline_ms` (of loop_now_ms())
 *   another     -errno of open(2), of read(2), or of the start of the command
 *
 * An error leaves the token as it was, and token_problem() says why. `done` may free the token
 * or read it again. Returns 0; or -EBUSY while another read is unanswered, and then `done` is
 * not called.
 */
/* clang-format on */
int token_read(struct token *token, uint64_t deadline_ms, void (*done)(void *arg, int err),
    void *arg) WARN_UNUSED;

/* Can another read give another token? True for all sources but a variable; false without a
 * source. */
bool token_rereadable(const struct token *token);

/* Does a read of the token run a command? */
bool token_runs_command(const struct token *token);

/* The token, without a line end; every byte is in 0x21 to 0x7e. The result is empty before the
 * first successful read, and valid until the next read. */
const struct locked *token_value(const struct token *token);

/* The source's name for messages: "$GH_TOKEN", "token_file /etc/x", "token_command", "gh auth
 * token" or "none". */
const char *token_origin(const struct token *token);

/* One printable line for a person: why the last read failed, and what to do. "" after a
 * successful read. */
const char *token_problem(const struct token *token);

#endif
