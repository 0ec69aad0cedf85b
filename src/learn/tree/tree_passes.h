/*
 * tree_passes.h
 *		The work on rows of trees that are in a file, pass by pass.
 *
 * Each row has a key, which says in which node it is.  Rows that take no part
 * in a tree have one too, as a negative number: they get to a leaf, and are
 * not counted on the way.  The numbers that come out are those of the same work
 * in memory, bit for bit: sums of integers are the same in any order, and all
 * others are added up in the order of the rows.
 */
#ifndef CVM_TREE_PASSES_H
#define CVM_TREE_PASSES_H

#include "learn/tree/grow.h"

/* What to do with the rows of a node. */
typedef struct CvmTreeRoute
{
	int32_t		key;			/* of the node */
	int			column;			/* asked for; -1: rows stay where they are */
	uint8_t		goes_left[CVM_BIN_PLACES];
	int32_t		left_key;		/* of the left child; the right one is next */
	int64_t    *sums[2];		/* histograms of the children, or of the node: [0] */
	size_t		rows[2];		/* what is found: rows of each that take part */
} CvmTreeRoute;

/*
 * Routes rows; keys: how many there are before it.  classes: statistics are
 * classes.
 */
extern void cvm_tree_pass_route(CvmTreeStream *stream, const CvmHistogramShape *shape,
								bool classes, CvmTreeRoute *routes, int count, int32_t keys);

/*
 * Brings the rows of some nodes, as far as they take part, into arrays: their
 * bins and statistics.  node_of_key: which node, -1: none; places: by node, where
 * its next row goes, which is raised.
 */
extern void cvm_tree_pass_collect(CvmTreeStream *stream, const int32_t *node_of_key,
								  size_t *places, const CvmTreeArrays *arrays);

/*
 * Gives all rows the key 0; with a share below 1 only so many, by chance, take part.
 * Returns how many do.
 */
extern size_t cvm_tree_pass_draw(CvmTreeStream *stream, double share, uint64_t seed);

/* As cvm_tree_job_losses; largest: of gradients and curvatures, by output; NULL without. */
extern double cvm_tree_pass_losses(CvmTreeStream *stream, const CvmTreeLoss *loss,
								   bool derivatives, float *largest);

/* As cvm_tree_job_pack. */
extern void cvm_tree_pass_pack(CvmTreeStream *stream, int output, float gradient_scale,
							   float curvature_scale, uint32_t seed);

/* As cvm_tree_loss_base. */
extern void cvm_tree_pass_base(CvmTreeStream *stream, const CvmTreeLoss *loss, double *base);

/*
 * Values (times rate) and weights of leaves, and all rows get the values added to
 * their scores.  leaf_of_key: index in leaves.
 */
extern void cvm_tree_pass_settle(CvmTreeStream *stream, const CvmTreeLoss *loss, int output,
								 double rate, const int32_t *leaf_of_key,
								 CvmTreeLeaf *leaves, int count);

/* The values ([node]) of the leaves that rows fall into, added to their scores. */
extern void cvm_tree_pass_walk(CvmTreeStream *stream, const CvmGrownTree *tree,
							   const CvmBins *bins, int output, const double *values);

#endif							/* CVM_TREE_PASSES_H */
