/*
 * compat.h
 *		Differences between PostgreSQL 15 and 18, and between its packages, in
 *		one place.
 */
#ifndef CVM_COMPAT_H
#define CVM_COMPAT_H

#include "postgres.h"
#include "utils/timestamp.h"

/* postgres.h has the forms of varlena values up to version 15 only */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

#if PG_VERSION_NUM < 150000
#error "cvm needs PostgreSQL 15 or newer"
#endif

/*
 * utils/pg_locale.h needs the headers of ICU, which the server's development
 * package does not bring along; this one function is all that is used of it.
 */
struct lconv;
extern struct lconv *PGLC_localeconv(void);

/* Functions that do not return say so in front of the declaration from version 18 on. */
#ifndef pg_noreturn
#define pg_noreturn _Noreturn
#endif

/* Infinite intervals came with version 17: -1, 1, or 0 for a finite one. */
static inline int
cvm_interval_infinity(const Interval *interval)
{
#if PG_VERSION_NUM >= 170000
	if (INTERVAL_IS_NOBEGIN(interval))
		return -1;
	if (INTERVAL_IS_NOEND(interval))
		return 1;
#endif
	return 0;
}

/* Since version 16 membership may come without the right to SET ROLE. */
#if PG_VERSION_NUM >= 160000
#define cvm_can_become_role(member, role) member_can_set_role(member, role)
#else
#define cvm_can_become_role(member, role) is_member_of_role(member, role)
#endif

#endif							/* CVM_COMPAT_H */
