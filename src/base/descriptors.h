/*
 * The limit on open descriptors (RLIMIT_NOFILE). The program raises its own limit as far as
 * possible. A command that the program starts gets the limit that the program itself was
 * started with, since some programs fail with a higher one.
 */
#ifndef GHSECRETFS_DESCRIPTORS_H
#define GHSECRETFS_DESCRIPTORS_H

/* Raises the limit to the hard limit. */
void descriptors_raise(void);

/* Sets the limit that was there before descriptors_raise(). Open descriptors stay open. */
void descriptors_restore(void);

#endif
