/*
 * The whole server's state, each part with its own lock.
 */
#ifndef STANDIN_STANDIN_H
#define STANDIN_STANDIN_H

#include "faults.h"
#include "journal.h"
#include "state.h"

struct standin {
    struct state state;
    struct faults faults;
    struct journal journal;
};

#endif
