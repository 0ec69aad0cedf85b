/*
 * key_watch.h
 *		Whether an integer column looks like a key.
 *
 * For src/encode only.
 */
#ifndef CVM_KEY_WATCH_H
#define CVM_KEY_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Fewer rows do not tell an identifier from a measurement. */
#define CVM_KEY_LEAST_ROWS 50

#define CVM_KEY_REGISTERS 4096

typedef struct CvmKeyWatch
{
	bool		watching;		/* false: it cannot be a key any more */
	bool		rising;			/* every value was above the one before it */
	bool		falling;
	double		last;
	int64_t		present;
	int64_t		next_look;		/* at the number of distinct values */
	uint8_t		registers[CVM_KEY_REGISTERS];
} CvmKeyWatch;

extern void cvm_key_watch_init(CvmKeyWatch *watch);

/* Adds a column of a row-major block; NaN is skipped. */
extern void cvm_key_watch_add(CvmKeyWatch *watch, const double *values,
							  ptrdiff_t stride, int rows);

/* About how many different values there were (standard error 1.6 %). */
extern double cvm_key_watch_distinct(const CvmKeyWatch *watch);

/* The verdict, given the smallest and largest value. */
extern bool cvm_key_watch_is_key(const CvmKeyWatch *watch, double minimum, double maximum);

#endif							/* CVM_KEY_WATCH_H */
