/*
 * window.h
 *		The hours in which scheduled runs may start: cvm.retrain_window.
 */
#ifndef CVM_WINDOW_H
#define CVM_WINDOW_H

#include "postgres.h"
#include "utils/timestamp.h"

/* When the window opens next: this very time when it is open, or not set. */
extern TimestampTz cvm_retrain_window_opens(TimestampTz now);

#endif							/* CVM_WINDOW_H */
