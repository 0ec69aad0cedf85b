/*
 * tree_shap.c
 *		What each column contributes to the prediction of a row by trees.
 *
 * On the way down a path is kept: for each column that was asked for, once,
 * the share of nobody's rows that would have come this way (zero) and whether
 * the row itself did (one), and for each number of columns the weight of the
 * subsets of that size (the algorithm 2 of the paper).  In a leaf each column
 * of the path gets what the leaf is worth with it less what it is worth
 * without; the weights without it are got by undoing its step (unwind).
 */
#include "learn/tree/tree_shap.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

typedef struct PathStep
{
	int			column;			/* -1: the root */
	double		zero;			/* share of rows that go on without the column */
	double		one;			/* 1 where the row goes this way, else 0 */
	double		weight;			/* of subsets of as many columns */
} PathStep;

struct CvmTreeShap
{
	const CvmForest *forest;
	const CvmExpansion *layout;
	int			deepest;		/* path */
	PathStep   *paths;			/* room for one path a depth */
};

/* What stays the same on the way through a tree. */
typedef struct Descent
{
	const CvmTreeShap *shap;
	const CvmBlock *block;
	int			row;
	int			tree;
	int			outputs;
	double	   *contributions;
} Descent;

static int
depth_of(const CvmForest *forest, int root, int size)
{
	int		   *depths = CVM_NEW_ZERO(int, size);
	int			deepest = 0;

	for (int i = 0; i < size; i++)
	{
		int			child = forest->children[root + i] - root;

		if (forest->columns[root + i] >= 0)
			depths[child] = depths[child + 1] = depths[i] + 1;
		deepest = depths[i] > deepest ? depths[i] : deepest;
	}
	cvm_release(depths);
	return deepest;
}

CvmTreeShap *
cvm_tree_shap_create(const CvmForest *forest, const CvmExpansion *layout)
{
	CvmTreeShap *shap = CVM_NEW_ZERO(CvmTreeShap, 1);

	shap->forest = forest;
	shap->layout = layout;
	for (int t = 0, root = 0; t < forest->tree_count; root += forest->tree_sizes[t++])
	{
		int			depth = depth_of(forest, root, forest->tree_sizes[t]);

		shap->deepest = depth > shap->deepest ? depth : shap->deepest;
	}
	shap->paths = CVM_NEW(PathStep, (size_t) (shap->deepest + 2) * (shap->deepest + 3) / 2);
	return shap;
}

void
cvm_tree_shap_release(CvmTreeShap *shap)
{
	cvm_release(shap->paths);
	cvm_release(shap);
}

/* Lengthens a path of "length" steps. */
static void
extend(PathStep *path, int length, int column, double zero, double one)
{
	path[length].column = column;
	path[length].zero = zero;
	path[length].one = one;
	path[length].weight = length == 0 ? 1 : 0;
	for (int i = length - 1; i >= 0; i--)
	{
		path[i + 1].weight += one * path[i].weight * (i + 1) / (length + 1);
		path[i].weight = zero * path[i].weight * (length - i) / (length + 1);
	}
}

/* Takes step "which" out of a path of "length" steps. */
static void
unwind(PathStep *path, int length, int which)
{
	double		one = path[which].one;
	double		zero = path[which].zero;
	double		next = path[length - 1].weight;

	for (int i = length - 2; i >= 0; i--)
	{
		if (one != 0)
		{
			double		before = path[i].weight;

			path[i].weight = next * length / ((i + 1) * one);
			next = before - path[i].weight * zero * (length - 1 - i) / length;
		}
		else
			path[i].weight = path[i].weight * length / (zero * (length - 1 - i));
	}
	for (int i = which; i < length - 1; i++)
	{
		path[i].column = path[i + 1].column;
		path[i].zero = path[i + 1].zero;
		path[i].one = path[i + 1].one;
	}
}

/* The sum of the weights that unwind would leave. */
static double
unwound_sum(const PathStep *path, int length, int which)
{
	double		one = path[which].one;
	double		zero = path[which].zero;
	double		next = path[length - 1].weight;
	double		sum = 0;

	for (int i = length - 2; i >= 0; i--)
	{
		if (one != 0)
		{
			double		weight = next * length / ((i + 1) * one);

			sum += weight;
			next = path[i].weight - weight * zero * (length - 1 - i) / length;
		}
		else
			sum += path[i].weight * length / (zero * (length - 1 - i));
	}
	return sum;
}

static bool
goes_left(const Descent *descent, int node)
{
	const CvmForest *forest = descent->shap->forest;
	const CvmExpansion *layout = descent->shap->layout;
	const CvmBlock *block = descent->block;
	int			column = forest->columns[node];

	if (column < layout->dense_columns)
	{
		double		value = block->dense[(size_t) descent->row * layout->dense_columns + column];

		return isnan(value) ? forest->missing_left[node] : value <= forest->thresholds[node];
	}
	else
	{
		int			coded = column - layout->dense_columns;
		int			level = cvm_expansion_level(layout, coded,
												block->codes[(size_t) descent->row *
															 layout->coded_columns + coded]);

		return (forest->words[(int) forest->thresholds[node] + level / 32] >> (level % 32)) & 1;
	}
}

static void
add_leaf(const Descent *descent, int node, const PathStep *path, int length)
{
	const CvmForest *forest = descent->shap->forest;
	const double *values = forest->leaves + (size_t) forest->children[node] * forest->leaf_size;

	for (int i = 1; i < length; i++)
	{
		double		share = unwound_sum(path, length, i) * (path[i].one - path[i].zero);
		double	   *own = descent->contributions + (size_t) path[i].column * descent->outputs;

		if (forest->leaf_size == 1)
			own[descent->tree % descent->outputs] += share * values[0];
		else
			for (int k = 0; k < forest->leaf_size; k++)
				own[k] += share * values[k];
	}
}

/* parent: the path down to the node above, of "length" steps; room for more after it. */
static void
descend(const Descent *descent, int node, const PathStep *parent, int length,
		int column, double zero, double one)
{
	const CvmForest *forest = descent->shap->forest;
	PathStep   *path = (PathStep *) parent + length;
	double		cover = forest->covers[node];
	double		zero_before = 1;
	double		one_before = 1;
	bool		left;

	memcpy(path, parent, length * sizeof(PathStep));
	extend(path, length, column, zero, one);
	length++;
	if (forest->columns[node] < 0)
	{
		add_leaf(descent, node, path, length);
		return;
	}

	/* a column that was asked for before counts once, for both */
	for (int i = 1; i < length; i++)
		if (path[i].column == forest->columns[node])
		{
			zero_before = path[i].zero;
			one_before = path[i].one;
			unwind(path, length, i);
			length--;
			break;
		}
	left = goes_left(descent, node);
	for (int side = 0; side <= 1; side++)
	{
		int			child = forest->children[node] + side;
		double		share = cover > 0 ? forest->covers[child] / cover : 0.5;
		double		own = (side == 0) == left ? one_before : 0;

		/* where neither comes there is nothing to tell apart */
		if (share * zero_before == 0 && own == 0)
			continue;
		descend(descent, child, path, length, forest->columns[node], share * zero_before, own);
	}
}

/* The mean of the leaves below a root, by the weights of the training rows. */
static void
add_mean(const CvmForest *forest, int root, int tree, int outputs, double *base)
{
	double		cover = forest->covers[root];

	for (int i = root; i < root + forest->tree_sizes[tree]; i++)
	{
		const double *values = forest->leaves + (size_t) forest->children[i] * forest->leaf_size;

		if (forest->columns[i] >= 0 || cover <= 0)
			continue;
		if (forest->leaf_size == 1)
			base[tree % outputs] += forest->covers[i] / cover * values[0];
		else
			for (int k = 0; k < forest->leaf_size; k++)
				base[k] += forest->covers[i] / cover * values[k];
	}
}

void
cvm_tree_shap_row(const CvmTreeShap *shap, const CvmBlock *block, int row, int outputs,
				  double *base, double *contributions)
{
	const CvmForest *forest = shap->forest;
	Descent		descent = {shap, block, row, 0, outputs, contributions};

	for (int root = 0; descent.tree < forest->tree_count; descent.tree++)
	{
		cvm_check_interrupt();
		add_mean(forest, root, descent.tree, outputs, base);
		descend(&descent, root, shap->paths, 0, -1, 1, 1);
		root += forest->tree_sizes[descent.tree];
	}
}
