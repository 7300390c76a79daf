/*
 * Nodes: the files and directories that the kernel has looked up, or that a listing has.
 *
 * Invariants:
 * - A node lives while the kernel has looked the node up, while somebody holds a reference, or
 *   while the node is listed in a directory that is in use. Each child holds a reference to its
 *   parent.
 * - A node never moves in memory, so its address is the kernel's handle for it; but the handle
 *   of the mount's root is FUSE's 1.
 * - Inode numbers start at a random base above 2^56 and are never used again: so a number in
 *   /proc/PID/fdinfo alone tells that the file is one of ours (architecture, "Rules").
 * - A node that is NODE_GONE is in no directory and stays gone; a new node may have its name.
 */
#ifndef GHSECRETFS_NODE_H
#define GHSECRETFS_NODE_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "base/wait.h"
#include "github/list.h"
#include "nodes/kind.h"

struct empty;
struct held;
struct listing;
struct policy;
struct staged;

/* Does the node exist? The changes are in presence.h. */
enum presence {
    NODE_HERE,      /* the node exists; of an entry: on the server, as far as is known */
    NODE_PENDING,   /* an entry created in this mount, which no PUT is known to have stored:
                     * open for writing, a name made empty, or in doubt */
    NODE_REPLACING, /* an entry created in the place of a NODE_HELD one: as far as is known, the
                     * server still has the old value */
    NODE_HELD,      /* an entry removed in this mount, whose DELETE is held: absent for all */
    NODE_GONE,      /* deleted, or no longer listed */
};

/* There may be tens of thousands of nodes: what most nodes need comes first, and small members
 * lie together. */
struct node {
    uint64_t ino;
    const struct kind *kind;
    struct node *parent;   /* NULL for the root of the whole tree */
    char *name;            /* as the server spells the name, not encoded */
    struct directory *dir; /* of a directory, once it has or had children; owned; or NULL */
    uint64_t lookups;      /* the kernel's lookup count */
    unsigned references;   /* handles, snapshots, operations under way, children */
    unsigned writers;      /* handles open for writing */
    int64_t mtime, btime;  /* Unix seconds */
    size_t stored_len; /* bytes of the value that this mount last stored; 0: none, or another
                        * client stored a value since */
    int64_t row_time;  /* `updated_at` of the row that `visibility` was last taken from */
    int64_t before_change; /* mtime just before this mount's last change of `visibility` */

    enum presence presence : 8;
    enum visibility visibility : 8;     /* of an organization's secret, as the server has it */
    enum visibility old_visibility : 8; /* of the server before this mount's last change */
    bool is_organization;
    bool listed;       /* the node stays while its directory is in use: the last listing has the
                        * node, or the node needs no listing */
    bool was_listed;   /* the listing before had the node; valid while a listing is merged */
    bool maybe_stored; /* an unstored entry, one of whose PUTs had no answer */
    bool busy;         /* somebody has the turn to change the entry: see node_take_turn() */
    unsigned short removals; /* DELETEs that were asked for, and have not ended */
    int upload_error;        /* -errno of the last upload if it failed, else 0 */
    /* Times of loop_now_ms(). */
    uint64_t fresh_until_ms;   /* until then the node is believed to exist unasked */
    uint64_t written_until_ms; /* until then this mount's last PUT counts more than a listing */
    uint64_t policy_seen_ms;   /* when an answer about this entry alone told `visibility` */

    struct empty *empty;       /* of a name made empty: its minute (see empty.h); else NULL */
    struct waiters turns;      /* of node_take_turn() */
    union {                    /* as kind->type->member says */
        struct held *held;     /* of an entry: its DELETE, while held or under way, or NULL */
        struct staged *staged; /* of a staging file: its bytes; owned */
        struct policy *policy; /* of access/NAME: what is prepared or held, or NULL; owned */
        struct node *beside;   /* of `access`: the directory of secrets; referenced while
                                * `access` is in use */
    };
    union {
        UT_hash_handle by_name; /* in parent->dir->children */
        struct {
            struct node *prev, *next; /* in nodes->gone, of a node that is NODE_GONE */
        };
    };
    char own_name[]; /* `name` points here, unless the file was renamed */
};

/* An entry that this mount deleted, while listings may still have a row of the entry. */
struct tombstone {
    struct tombstone *prev, *next;
    int64_t created_at, updated_at; /* of the deleted entry, Unix seconds: a row with a later
                                     * time is of a new entry of that name */
    uint64_t until_ms;              /* a time of loop_now_ms() */
    char name[];
};

/* What is known of the children of a directory. Times are of loop_now_ms(). */
struct directory {
    struct node *children;  /* a hash by name, without regard to case */
    struct tombstone *dead; /* owned */
    unsigned entries;       /* number of children that are entries of a store and NODE_HERE */
    unsigned staging_files; /* number of staging files */
    unsigned empties;       /* number of names made empty */

    bool has_listing; /* a listing was merged, perhaps long ago */
    /* A change made in this mount won over the last listing, which therefore leaves no ETags: a
     * 304 would confirm the server's list, not `children`. */
    bool overruled;
    uint64_t fresh_until_ms; /* until then the listing is believed */
    struct etags etags;      /* of the last listing's pages */
    struct listing *listing; /* the requests under way; owned: see nodes.free_listing */

    struct failed_write { /* the last write to a child that failed: presence_failed_write() */
        uint64_t ino;     /* the child */
        pid_t process;
        int err; /* -errno */
        uint64_t until_ms;
    } failed_write;

    /* The last answer of the server that the token may not write to the directory. */
    struct failure refusal;
    uint64_t refused_until_ms;
    unsigned refused_generation; /* github_token_generation() of that token */
};

struct nodes {
    struct node *gone; /* the nodes that are NODE_GONE and still in use */
    unsigned count;    /* of all nodes */
    uint64_t next_ino;
    int64_t mounted_at; /* Unix seconds: the time of nodes for which the API has none */

    /* Called when a node ends, to free what other modules keep for the node. */
    void (*free_listing)(struct listing *listing); /* `listing` of a directory */
    void (*forget_empty)(struct node *node);       /* `node` has an `empty`, and is gone */
    /* Called when a row has shown an entry, once the row is taken. NULL: nobody is told. */
    void (*entry_seen)(struct nodes *nodes, const struct node *entry);
};

void nodes_init(struct nodes *nodes);
/* Frees a node and all nodes below it, whether they are in use or not. */
void nodes_free_tree(struct nodes *nodes, struct node *root);
/* Frees the nodes that are NODE_GONE, whether they are in use or not. */
void nodes_release(struct nodes *nodes);

/* A new node with a reference for the caller, which directory_add() has yet to add to `parent`.
 * An entry of a store is NODE_PENDING, any other node NODE_HERE. NULL without memory. */
struct node *node_new(
    struct nodes *nodes, const struct kind *kind, struct node *parent, const char *name);

/* Is the node of the kind of children that its directory has from the API? Staging files,
 * `.env` and fixed children are not. */
bool node_is_from_api(const struct node *node);

/* Is the node an entry of a store (a secret), stored by the API or not yet? */
bool node_is_entry(const struct node *node);

/* Was the entry created in this mount, and did no PUT since tell that it is stored? */
static inline bool node_is_unstored(const struct node *node)
{
    return node->presence == NODE_PENDING || node->presence == NODE_REPLACING;
}

/* Was the entry created in this mount, and left by its last writer when the answer to the PUT
 * was lost? The entry does not exist until the server lists the entry; and fsync still tells
 * that the upload failed: contract §3.16. */
static inline bool node_is_in_doubt(const struct node *node)
{
    return node->presence == NODE_PENDING && node->maybe_stored && node->writers == 0 &&
           !node->empty;
}

/* Is the node on the server as far as is known, or in doubt? */
static inline bool node_may_be_there(const struct node *node)
{
    return node->presence == NODE_HERE || node_is_in_doubt(node);
}

/* Is the node, or a directory above it, NODE_GONE? */
bool node_is_gone(const struct node *node);

/* node->dir, made on first use; NULL without memory. */
struct directory *directory_of(struct node *node);

/* The child of that name (not encoded), or NULL. */
struct node *directory_find(const struct node *dir, const char *name);
/* The child of that name, if the API has the child as far as is known (NODE_HERE and
 * node_is_from_api()); else NULL. */
struct node *directory_find_here(const struct node *dir, const char *name);
/* Adds a child under its name. If another child has the name, the caller must remove the other
 * child at once: until then directory_find() may find either. 0; -ENOMEM: nothing is added. */
int directory_add(struct node *dir, struct node *child) WARN_UNUSED;
/* Call before directory_remove(): subtracts the child from directory.entries, if counted. */
void directory_uncount(struct node *child);
/* Takes the child out of `dir`; does nothing if the child is in no directory. */
void directory_remove(struct node *dir, struct node *child);

/* The first child, and the next one after a child, in the order in which they were added; NULL
 * at the end. */
struct node *directory_first(const struct node *dir);
struct node *directory_next(const struct node *child);

/* Makes a child and adds the child to `dir`. The caller gets no reference: until somebody
 * takes one, the child lives as long as `dir` is in use. NULL without memory. */
struct node *node_make_child(
    struct nodes *nodes, const struct kind *kind, struct node *dir, const char *name);
/* The child of kind->fixed of that name, made when first asked for. NULL if kind->fixed has no
 * such name, or without memory. */
struct node *node_fixed_child(struct nodes *nodes, struct node *dir, const char *name);

static inline bool node_is_directory(const struct node *node)
{
    return S_ISDIR(node->kind->type->format);
}

/* The bytes of a staging file; NULL for any other node. */
static inline struct staged *node_staged(const struct node *node)
{
    return node->kind->type->member == MEMBER_STAGED ? node->staged : NULL;
}

/* What is prepared or held of the policy access/NAME; NULL if nothing is. */
static inline struct policy *node_policy(const struct node *policy_node)
{
    assert(policy_node->kind->type->member == MEMBER_POLICY);
    return policy_node->policy;
}

/* The DELETE of the entry that is held, or was held and is under way; else NULL. */
static inline struct held *node_held(const struct node *node)
{
    assert(node->kind->type->member == MEMBER_HELD);
    return node->held;
}

struct node *node_ref(struct node *node);
/* Gives back a reference, which may free the node and its parents. */
void node_unref(struct nodes *nodes, struct node *node);
/* The kernel forgets `count` lookups, which may free the node and its parents. */
void node_forget(struct nodes *nodes, struct node *node, uint64_t count);

/* Makes a node NODE_GONE, after directory_remove(). Only for presence_gone(). */
void node_go(struct nodes *nodes, struct node *node);

/* Adds the encoded path of the node in the API, such as "/repos/acme/web". 0 or -errno. */
int node_api_path(const struct node *node, struct buffer *ret) WARN_UNUSED;
/* Initializes `ret` with the node's path in the API and `count` more names below. 0 or -errno;
 * the caller releases `ret` in both cases. */
int node_api_path_below(const struct node *node, const char *const *names, size_t count,
    struct buffer *ret) WARN_UNUSED;

/* Adds the path of the node in the tree, for messages:
 * "repos/acme/web/actions/secrets/TOKEN". 0 or -errno. */
int node_tree_path(const struct node *node, struct buffer *ret) WARN_UNUSED;

/*
 * Requests that change an entry are sent one at a time (contract §3.22: a PUT is never beside a
 * DELETE): who changes the entry has the turn. 0: the caller has the turn. -EINPROGRESS: the
 * caller has the turn when wait->done is called.
 */
int node_take_turn(struct node *node, struct wait *wait) WARN_UNUSED;
/* Gives the turn to who has waited longest, and calls the done() of that wait. */
void node_give_turn(struct node *node);

#endif
