/*
 * shuffle.h
 *		The rows of a source in random order, within bounded memory.
 *
 * Every epoch takes the blocks in a new random order, a window of them at a
 * time, and mixes the rows of the window completely.  A source that fits the
 * window is shuffled completely; in a larger one a row has company from as
 * many random places as the window has blocks.  The same seed gives the same
 * order, wherever the blocks are kept, unless the source is in_order: then the
 * blocks keep their order and only the rows of a window are mixed.
 */
#ifndef CVM_SHUFFLE_H
#define CVM_SHUFFLE_H

#include "base/random.h"
#include "linalg/block.h"

typedef struct CvmShuffle CvmShuffle;

/* The source is read on, and must live as long as the shuffle. */
extern CvmShuffle *cvm_shuffle_create(CvmBlockSource *source, uint64_t seed);
extern void cvm_shuffle_free(CvmShuffle *shuffle);

/* Starts an epoch; to be called before the first _next. */
extern void cvm_shuffle_begin(CvmShuffle *shuffle);

/*
 * The next rows of the epoch, at most "most" of them, as a block that is the
 * caller's to change and valid until the next call; false: no rows are left.
 */
extern bool cvm_shuffle_next(CvmShuffle *shuffle, int most, CvmBlock *rows);

#endif							/* CVM_SHUFFLE_H */
