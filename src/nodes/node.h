/*
 * Nodes: what the kernel knows, and what directories hold.
 *
 * Invariants:
 * - A node lives while the kernel has looked it up, while somebody holds a reference, or while
 *   a held listing has it. Each child holds a reference to its parent.
 * - A node that the kernel has looked up stays where it is in memory until it is forgotten, so
 *   its address can be the kernel's handle.
 * - Inode numbers start at a random base above 2^56 and are never used again, so that a number
 *   in /proc/PID/fdinfo alone tells one of our files (architecture, "Rules"). The mount's root
 *   is FUSE's 1 beside.
 * - A node that is gone is in no directory, and stays gone: its name may be another node.
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

enum presence {
    NODE_HERE,    /* on the server, as far as is known */
    NODE_PENDING, /* a secret that was created here and is not known to be stored: open, empty,
                   * or in doubt */
    NODE_REPLACING, /* the same, in the place of a secret that is still stored */
    NODE_HELD,      /* removed here, and its DELETE is held; absent for all */
    NODE_GONE,      /* deleted, or no longer listed */
};

/* There may be tens of thousands: what most need comes first, and small things lie together. */
struct node {
    uint64_t ino;
    const struct kind *kind;
    struct node *parent;   /* NULL for the root of the whole tree */
    char *name;            /* as the server spells it, not encoded */
    struct directory *dir; /* of directories, once something is known of what they hold */
    uint64_t lookups;      /* the kernel's lookup count */
    unsigned references;   /* handles, snapshots, operations under way, children */
    unsigned writers;      /* handles open for writing */
    int64_t mtime, btime;  /* Unix seconds */
    size_t stored_len;     /* what was last stored here had it; 0 once another stored anew */
    int64_t row_time;      /* `updated_at` of the newest row that was taken */
    int64_t before_change; /* mtime when this mount last changed the visibility */

    enum presence presence : 8;
    enum visibility visibility : 8;     /* of an organization's secret, as the server has it */
    enum visibility old_visibility : 8; /* before this mount changed it; or NONE */
    bool is_organization;
    bool listed;               /* a held listing has it, or the next one is to tell of it */
    bool was_listed;           /* the one before had it; only while a listing is merged */
    bool maybe_stored;         /* never stored, and the answer to a PUT of it was lost */
    bool busy;                 /* a PUT or DELETE of it is under way */
    int upload_error;          /* -errno of the last upload if it failed, else 0 */
    uint64_t fresh_until_ms;   /* known to exist, from a request for it alone */
    uint64_t written_until_ms; /* what was written here counts more than what is listed */
    uint64_t policy_seen_ms;   /* when visibility was last seen, but in a listing */
    struct empty *empty;       /* a name made empty, for a while; see empty.h */
    struct waiters turns;      /* those that wait until it is not busy */
    union {                    /* as kind->type->member says */
        struct held *held;     /* of a secret: its DELETE, while that is held or under way */
        struct staged *staged; /* of a staging file: what is in it; owned */
        struct policy *policy; /* of access/NAME: what is prepared or held, or NULL; owned */
        struct node *beside;   /* of `access`: the secrets that it is about; referenced while
                                * `access` is in use itself */
    };
    union {
        UT_hash_handle by_name; /* in its directory */
        struct {
            struct node *prev, *next; /* in nodes->gone, once it is in none */
        };
    };
    char own_name[]; /* what `name` is, but for a file that was renamed */
};

/* What was deleted here, while listings may lag behind. */
struct tombstone {
    struct tombstone *prev, *next;
    int64_t created_at, updated_at; /* of what was deleted: a newer one is another */
    uint64_t until_ms;
    char name[];
};

/* What a directory holds: its children by name, without regard to case. */
struct directory {
    struct node *children;  /* by name */
    struct tombstone *dead; /* what was deleted here, while listings may lag behind */
    unsigned entries; /* children that are entries of a store and NODE_HERE: all of them */
    unsigned staging_files;
    unsigned empties; /* names made empty */

    bool has_listing; /* there is one, if perhaps an old one */
    bool overruled; /* what was done here won over the last listing: its ETags prove nothing */
    uint64_t fresh_until_ms;
    struct etags etags;
    struct listing *listing; /* what is being asked for; owned: see nodes.free_listing */

    struct failed_write { /* the last one here */
        uint64_t ino;
        pid_t process;
        int err;
        uint64_t until_ms;
    } failed_write;

    /* The last refusal to write here for want of permission, and the token it was with. */
    struct failure refusal;
    uint64_t refused_until_ms;
    unsigned refused_generation;
};

struct nodes {
    struct node *gone; /* still in use, and in no directory */
    unsigned count;    /* of all */
    uint64_t next_ino;
    int64_t mounted_at; /* Unix seconds: the time of what has none */

    /* How those who hold something of a node are told that it goes. */
    void (*free_listing)(struct listing *listing); /* of a directory that is forgotten */
    void (*forget_empty)(struct node *node);       /* of a name made empty that is gone */
};

void nodes_init(struct nodes *nodes);
/* Frees a node and all that is in it, in use or not. */
void nodes_free_tree(struct nodes *nodes, struct node *root);
/* Frees what is in no directory. */
void nodes_release(struct nodes *nodes);

/* A node with a reference for the caller, which is not in its directory yet: an entry of a store
 * is pending, all else is here. NULL without memory. */
struct node *node_new(
    struct nodes *nodes, const struct kind *kind, struct node *parent, const char *name);

/* Is it of the kind that its directory is full of? Of a directory that the API lists: staging
 * files and `.env` are not, which are here alone. */
bool node_is_from_api(const struct node *node);

/* Is it an entry of a store: a secret, stored by the API or to be? */
bool node_is_entry(const struct node *node);

/* Was it created here, and is no PUT of it known to be stored? */
static inline bool node_is_unstored(const struct node *node)
{
    return node->presence == NODE_PENDING || node->presence == NODE_REPLACING;
}

/* Has its last writer left it without knowing whether it is stored? It is not there until the
 * server says so, and then its upload has failed all the same: contract §3.16. */
static inline bool node_is_in_doubt(const struct node *node)
{
    return node->presence == NODE_PENDING && node->maybe_stored && node->writers == 0 &&
           !node->empty;
}

/* Is it on the server, as far as is known, or in doubt? */
static inline bool node_may_be_there(const struct node *node)
{
    return node->presence == NODE_HERE || node_is_in_doubt(node);
}

/* Has it, or a directory that it is in, gone? */
bool node_is_gone(const struct node *node);

/* The directory of a node, made on first use; NULL without memory. */
struct directory *directory_of(struct node *node);

/* The child of that name (not encoded), or NULL. */
struct node *directory_find(const struct node *dir, const char *name);
/* The same, if the API has it as far as is known: neither pending nor a file that is here
 * alone. */
struct node *directory_find_here(const struct node *dir, const char *name);
/* Adds a child under its name. Another that has the name must be removed at once: as long as it
 * is in, either may be found. 0 or -ENOMEM, and nothing is added. */
int directory_add(struct node *dir, struct node *child) WARN_UNUSED;
/* Call before directory_remove(): takes the child out of `entries`, if it was counted there. */
void directory_uncount(struct node *child);
/* Takes the child out, if it is in. */
void directory_remove(struct node *dir, struct node *child);

/* Children in the order in which they were added: the first, and the one after. */
struct node *directory_first(const struct node *dir);
struct node *directory_next(const struct node *child);

/* A new child of a directory; the one reference is the directory's. NULL without memory. */
struct node *node_make_child(
    struct nodes *nodes, const struct kind *kind, struct node *dir, const char *name);
/* The child that is always there, made when it is first wanted; NULL without memory, or when
 * there is none of that name. */
struct node *node_fixed_child(struct nodes *nodes, struct node *dir, const char *name);

static inline bool node_is_directory(const struct node *node)
{
    return S_ISDIR(node->kind->type->format);
}

/* What is in a staging file; NULL for any other node. */
static inline struct staged *node_staged(const struct node *node)
{
    return node->kind->type->member == MEMBER_STAGED ? node->staged : NULL;
}

/* What is prepared or held of a policy access/NAME; NULL for nothing. */
static inline struct policy *node_policy(const struct node *policy_node)
{
    assert(policy_node->kind->type->member == MEMBER_POLICY);
    return policy_node->policy;
}

/* The DELETE of an entry, while that is held or under way; else NULL. */
static inline struct held *node_held(const struct node *node)
{
    assert(node->kind->type->member == MEMBER_HELD);
    return node->held;
}

struct node *node_ref(struct node *node);
/* Gives back a reference; the node may be freed by that, and its parents. */
void node_unref(struct nodes *nodes, struct node *node);
/* The kernel forgets `count` lookups. */
void node_forget(struct nodes *nodes, struct node *node, uint64_t count);

/* It was taken out of its directory for good. */
void node_go(struct nodes *nodes, struct node *node);

/* Adds the encoded path in the API: "/repos/acme/web". 0 or -errno. */
int node_api_path(const struct node *node, struct buffer *ret) WARN_UNUSED;
/* Makes that path, with `count` names below it. 0 or -errno; the buffer is to be released
 * either way. */
int node_api_path_below(const struct node *node, const char *const *names, size_t count,
    struct buffer *ret) WARN_UNUSED;

/* The path in the tree, for messages: "repos/acme/web/actions/secrets/TOKEN". 0 or -errno. */
int node_tree_path(const struct node *node, struct buffer *ret) WARN_UNUSED;

/*
 * Requests that change a secret are sent one at a time (contract §3.22: a PUT is never beside
 * a DELETE). 0: the turn is the caller's. -EINPROGRESS: it will be when wait->done is called.
 */
int node_take_turn(struct node *node, struct wait *wait) WARN_UNUSED;
/* Gives it to the one that waits longest. */
void node_give_turn(struct node *node);

#endif
