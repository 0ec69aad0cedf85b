/*
 * search_space.h
 *		Combinations of option values to try.
 */
#ifndef CVM_SEARCH_SPACE_H
#define CVM_SEARCH_SPACE_H

#include "postgres.h"

#include "utils/jsonb.h"

#define CVM_MOST_TRIALS 10000

/*
 * search: an object whose keys are options and whose values are an array of
 * values to try, or a range {"min": a, "max": b, "scale": "linear" | "log",
 * "integer": true, "steps": n}.  Both give objects of options, in the order in
 * which they are to be tried.  Errors name the key.
 *
 * grid: every combination (a range gives its steps, 5 unless said otherwise);
 * an error if there are more than "budget".  random: "budget" of them.
 */
extern Jsonb **cvm_search_grid(Jsonb *search, int budget, int *count);
extern Jsonb **cvm_search_random(Jsonb *search, int budget, uint64 seed, int *count);

#endif							/* CVM_SEARCH_SPACE_H */
