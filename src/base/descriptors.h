/*
 * The limit on open descriptors (RLIMIT_NOFILE). The program takes all it may have; what it
 * starts gets the limit that it was given itself, since some programs fail with more.
 */
#ifndef GHSECRETFS_DESCRIPTORS_H
#define GHSECRETFS_DESCRIPTORS_H

/* As many as the hard limit allows. */
void descriptors_raise(void);

/* The limit as it was, for what is started next. Descriptors that are open stay so. */
void descriptors_restore(void);

#endif
