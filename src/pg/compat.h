/*
 * compat.h
 *		Differences between PostgreSQL 15 and 18, in one place.
 */
#ifndef CVM_COMPAT_H
#define CVM_COMPAT_H

#include "postgres.h"

#if PG_VERSION_NUM < 150000
#error "cvm needs PostgreSQL 15 or newer"
#endif

#endif							/* CVM_COMPAT_H */
