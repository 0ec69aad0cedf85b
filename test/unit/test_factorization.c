/*
 * test_factorization.c
 *		Factors of ratings, of events and of pairs, against dense twins.
 *
 * Each half of a sweep leaves normal equations solved, which are written down
 * here in full, for every user and item; a step of pairs goes down a gradient,
 * which is compared with differences of the loss.
 */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "learn/factorization/best_items.h"
#include "learn/factorization/factors.h"

#define USERS 40
#define ITEMS 25
#define ROWS 700
#define WIDTH 3

static const CvmPairLayout layout = {
	.user_column = 0,.item_column = 1,.coded_columns = 2,.slots = USERS - 1 + ITEMS,
	.user_slot = 0,.item_slot = USERS,.users = USERS,.items = ITEMS
};

/* The code of a level; the first one of users, and none of items, is "other". */
static int32_t
code_of(int level, int slot)
{
	return level == 0 ? CVM_SINK(layout.slots) : slot + level - 1;
}

/* Rows of users and items, some pairs of them twice, one of an unknown user. */
static void
make_rows(CvmBlockSource *source, bool weighted, bool events)
{
	int			count = (ROWS + CVM_BLOCK_ROWS - 1) / CVM_BLOCK_ROWS;
	CvmBlock  **blocks = CVM_NEW(CvmBlock *, count);
	CvmRandom	random;

	cvm_random_seed(&random, 7);
	for (int i = 0; i < ROWS; i++)
	{
		int			row = i % CVM_BLOCK_ROWS;
		int			user = (int) cvm_random_below(&random, USERS);
		int			item = (int) cvm_random_below(&random, ITEMS);
		CvmBlock   *block;

		if (row == 0)
			blocks[i / CVM_BLOCK_ROWS] = cvm_block_create(0, 2);
		block = blocks[i / CVM_BLOCK_ROWS];
		block->rows = row + 1;
		block->codes[2 * row] = code_of(i == 10 ? USERS : user, layout.user_slot);
		block->codes[2 * row + 1] = code_of(item, layout.item_slot);
		block->target[row] = events ? i % 4 : sin(user) * cos(3 * item) + 0.1 * user + 2;
		block->weight[row] = weighted ? 1 + i % 3 : 1;
	}
	cvm_block_source_from_array(source, blocks, count, 0, 2, layout.slots);
}

static CvmOptions
options_of(double l2)
{
	CvmOptions	options;

	cvm_options_for_train(&options);
	options.l2 = l2;
	return options;
}

/* ---- the matrix ---- */

static void
test_interactions(bool weighted, bool events)
{
	static double amount[USERS][ITEMS];
	static double weight[USERS][ITEMS];
	CvmBlockSource source;
	CvmInteractions interactions;
	int64_t		cells = 0;

	memset(amount, 0, sizeof(amount));
	memset(weight, 0, sizeof(weight));
	make_rows(&source, weighted, events);
	cvm_interactions_read(&layout, &source, events ? CVM_CELL_AMOUNT : CVM_CELL_RATING, &interactions);
	for (int b = 0; b < source.blocks; b++)
	{
		const CvmBlock *block = source.read(source.state, b);

		for (int row = 0; row < block->rows; row++)
		{
			int			user;
			int			item;

			cvm_pair_of_row(&layout, block, row, &user, &item);
			CHECK((user < 0) == (b == 0 && row == 10));
			if (user < 0)
				continue;
			weight[user][item] += block->weight[row];
			amount[user][item] += block->weight[row] * block->target[row];
		}
	}
	for (int user = 0; user < USERS; user++)
		for (int item = 0; item < ITEMS; item++)
			cells += events ? amount[user][item] > 0 : weight[user][item] > 0;
	CHECK(interactions.cells == cells);
	for (int side = 0; side < 2; side++)
	{
		const CvmSparse *sparse = side == 0 ? &interactions.by_user : &interactions.by_item;

		CHECK(sparse->starts[sparse->rows] == cells);
		for (int row = 0; row < sparse->rows; row++)
			for (int64_t i = sparse->starts[row]; i < sparse->starts[row + 1]; i++)
			{
				int			user = side == 0 ? row : sparse->indexes[i];
				int			item = side == 0 ? sparse->indexes[i] : row;

				CHECK(i == sparse->starts[row] || sparse->indexes[i] > sparse->indexes[i - 1]);
				CHECK_CLOSE(sparse->values[i], events ? amount[user][item] :
							amount[user][item] / weight[user][item], 1e-12);
				if (!events)
					CHECK_CLOSE(sparse->weights[i], weight[user][item], 1e-12);
			}
	}
	cvm_interactions_free(&interactions);
}

/* ---- alternating least squares ---- */

/*
 * The derivative of the objective by a factor (or a bias, at WIDTH) of an
 * item, by its definition.
 */
static double
slope_of_item(const CvmInteractions *interactions, const CvmOptions *options, bool events,
			  const CvmFactors *factors, int item, int place)
{
	const CvmSparse *cells = &interactions->by_item;
	double		own = place < WIDTH ? factors->item_factors[item * WIDTH + place] :
		factors->item_biases[item];
	double		count = 0;
	double		slope = 0;

	for (int user = 0; user < USERS; user++)
	{
		double		x = place < WIDTH ? factors->user_factors[user * WIDTH + place] : 1;
		double		score = cvm_factors_score(factors, user, item);
		double		weight = events ? 1 : 0;
		double		target = 0;

		for (int64_t i = cells->starts[item]; i < cells->starts[item + 1]; i++)
			if (cells->indexes[i] == user)
			{
				weight = events ? 1 + options->alpha * cells->values[i] :
					cells->weights != NULL ? cells->weights[i] : 1;
				target = events ? 1 : cells->values[i];
				count += events ? 1 : weight;
			}
		slope += weight * (score - target) * x;
	}
	return slope + options->l2 * pow(count, options->l2_power) * own;
}

static void
test_alternating(bool events, bool weighted, bool biases, double power)
{
	CvmOptions	options = options_of(0.7);
	CvmBlockSource source;
	CvmInteractions interactions;
	CvmFactors	factors;
	CvmFactorResult result;
	double		last = INFINITY;

	options.biases = biases;
	options.l2_power = power;
	options.alpha = 3;
	make_rows(&source, weighted, events);
	cvm_interactions_read(&layout, &source, events ? CVM_CELL_AMOUNT : CVM_CELL_RATING, &interactions);
	cvm_factors_init(&factors, USERS, ITEMS, WIDTH);
	cvm_factors_start(&factors, 42);
	/* each call starts where the last one ended */
	for (int sweep = 0; sweep < 4; sweep++)
	{
		options.epochs = 1;
		if (events)
			cvm_factors_of_events(&interactions, &options, NULL, &factors, &result);
		else
			cvm_factors_of_ratings(&interactions, &options, NULL, &factors, &result);
		CHECK(result.epochs == 1 && result.outcome == CVM_EPOCH_LIMIT);
		for (int item = 0; item < ITEMS; item++)
			for (int place = 0; place <= (biases && !events ? WIDTH : WIDTH - 1); place++)
				CHECK_CLOSE(slope_of_item(&interactions, &options, events, &factors, item, place),
							0, 1e-9);
	}
	/* the loss that was reported is that of the factors */
	if (!events)
	{
		double		loss = 0;
		double		weight = 0;

		for (int user = 0; user < USERS; user++)
			for (int64_t i = interactions.by_user.starts[user];
				 i < interactions.by_user.starts[user + 1]; i++)
			{
				double		own = interactions.by_user.weights != NULL ?
					interactions.by_user.weights[i] : 1;
				double		rest = interactions.by_user.values[i] -
					cvm_factors_score(&factors, user, interactions.by_user.indexes[i]);

				loss += own * rest * rest / 2;
				weight += own;
			}
		CHECK_CLOSE(result.loss, loss / weight, 1e-10);
	}
	options.epochs = 500;
	options.tolerance = 1e-9;
	if (events)
		cvm_factors_of_events(&interactions, &options, NULL, &factors, &result);
	else
		cvm_factors_of_ratings(&interactions, &options, NULL, &factors, &result);
	CHECK(result.outcome == CVM_CONVERGED);
	CHECK(result.loss < last);
	cvm_interactions_free(&interactions);
}

/* No penalty, and users with fewer cells than factors: there is a solution all the same. */
static void
test_singular(void)
{
	CvmOptions	options = options_of(0);
	CvmBlockSource source;
	CvmInteractions interactions;
	CvmFactors	factors;
	CvmFactorResult result;

	make_rows(&source, false, false);
	source.blocks = 1;
	((CvmBlock *) source.read(source.state, 0))->rows = 9;
	cvm_interactions_read(&layout, &source, CVM_CELL_RATING, &interactions);
	cvm_factors_init(&factors, USERS, ITEMS, WIDTH);
	cvm_factors_start(&factors, 1);
	cvm_factors_of_ratings(&interactions, &options, NULL, &factors, &result);
	CHECK(isfinite(result.loss) && result.loss < 1e-3);
	for (int i = 0; i < USERS * WIDTH; i++)
		CHECK(isfinite(factors.user_factors[i]));
}

/* ---- pairs ---- */

static double
pair_loss(const CvmFactors *factors, int user, int item, int other, const double *l2)
{
	double		difference = cvm_factors_score(factors, user, item) -
		cvm_factors_score(factors, user, other);
	double		loss = log1p(exp(-difference));

	for (int k = 0; k < WIDTH; k++)
		loss += l2[0] / 2 * pow(factors->user_factors[user * WIDTH + k], 2) +
			l2[1] / 2 * pow(factors->item_factors[item * WIDTH + k], 2) +
			l2[2] / 2 * pow(factors->item_factors[other * WIDTH + k], 2);
	return loss + l2[1] / 2 * pow(factors->item_biases[item], 2) +
		l2[2] / 2 * pow(factors->item_biases[other], 2);
}

static void
check_step(CvmFactors *factors, const CvmFactors *before, double *now, double *then,
		   const double *l2)
{
	const double step = 1e-6;
	double		kept = *then;
	double		above;
	double		below;

	*then = kept + step;
	above = pair_loss(before, 2, 3, 5, l2);
	*then = kept - step;
	below = pair_loss(before, 2, 3, 5, l2);
	*then = kept;
	CHECK_CLOSE(*now, kept - 0.01 * (above - below) / (2 * step), 1e-8);
}

static void
copy_factors(const CvmFactors *from, CvmFactors *to)
{
	cvm_factors_init(to, USERS, ITEMS, WIDTH);
	memcpy(to->user_factors, from->user_factors, sizeof(double) * USERS * WIDTH);
	memcpy(to->item_factors, from->item_factors, sizeof(double) * ITEMS * WIDTH);
	memcpy(to->item_biases, from->item_biases, sizeof(double) * ITEMS);
}

static void
test_pairwise_step(void)
{
	const double l2[] = {0.3, 0.2, 0.1};
	const double none[] = {0, 0, 0};
	CvmFactors	factors;
	CvmFactors	before;
	double		loss;

	cvm_factors_init(&factors, USERS, ITEMS, WIDTH);
	cvm_factors_start(&factors, 3);
	for (int i = 0; i < ITEMS; i++)
		factors.item_biases[i] = 0.1 * i;
	copy_factors(&factors, &before);
	loss = cvm_pairwise_step(&factors, 2, 3, 5, 0.01, l2[0], l2[1], l2[2]);
	CHECK_CLOSE(loss, pair_loss(&before, 2, 3, 5, none), 1e-12);
	for (int k = 0; k < WIDTH; k++)
	{
		check_step(&factors, &before, &factors.user_factors[2 * WIDTH + k],
				   &before.user_factors[2 * WIDTH + k], l2);
		check_step(&factors, &before, &factors.item_factors[3 * WIDTH + k],
				   &before.item_factors[3 * WIDTH + k], l2);
		check_step(&factors, &before, &factors.item_factors[5 * WIDTH + k],
				   &before.item_factors[5 * WIDTH + k], l2);
	}
	check_step(&factors, &before, &factors.item_biases[3], &before.item_biases[3], l2);
	check_step(&factors, &before, &factors.item_biases[5], &before.item_biases[5], l2);
	CHECK(factors.item_factors[0] == before.item_factors[0]);
}

/* Users like items of their own half: pairs learn that, the same for a seed. */
static void
test_pairwise(void)
{
	CvmOptions	options = options_of(0.1);
	CvmBlockSource source;
	CvmInteractions interactions;
	CvmFactors	factors[2];
	CvmFactorResult result;
	int			right = 0;
	int			all = 0;

	make_rows(&source, false, true);
	for (int b = 0; b < source.blocks; b++)
	{
		CvmBlock   *block = (CvmBlock *) source.read(source.state, b);

		for (int row = 0; row < block->rows; row++)
		{
			int			user;
			int			item;

			cvm_pair_of_row(&layout, block, row, &user, &item);
			block->target[row] = user >= 0 && user % 2 == item % 2;
		}
	}
	cvm_interactions_read(&layout, &source, CVM_CELL_AMOUNT, &interactions);
	options.epochs = 60;
	for (int i = 0; i < 2; i++)
	{
		cvm_factors_init(&factors[i], USERS, ITEMS, WIDTH);
		cvm_factors_start(&factors[i], 5);
		cvm_factors_by_pairs(&interactions, &options, NULL, &factors[i], &result);
	}
	CHECK(memcmp(factors[0].user_factors, factors[1].user_factors,
				 sizeof(double) * USERS * WIDTH) == 0);
	CHECK(result.epochs == 60 && result.loss < 0.4);
	for (int user = 0; user < USERS; user++)
		for (int item = 0; item < ITEMS; item++)
			for (int other = 0; other < ITEMS; other++)
			{
				if (item % 2 != user % 2 || other % 2 == user % 2)
					continue;
				all++;
				right += cvm_factors_score(&factors[0], user, item) >
					cvm_factors_score(&factors[0], user, other);
			}
	CHECK(right > 0.95 * all);
}

/* ---- lists ---- */

static int
by_score(const void *a, const void *b)
{
	const CvmScoredItem *left = (const CvmScoredItem *) a;
	const CvmScoredItem *right = (const CvmScoredItem *) b;

	if (left->score != right->score)
		return left->score > right->score ? -1 : 1;
	return left->item - right->item;
}

static void
test_best_items(int items, int n)
{
	enum
	{
		LISTS = 5
	};
	double	   *factors = CVM_NEW(double, items * WIDTH);
	double	   *biases = CVM_NEW(double, items);
	int32_t    *excluded = CVM_NEW(int32_t, items);
	CvmItemVectors vectors = {items, WIDTH, factors, biases, NULL};
	CvmListUser users[LISTS];
	double		own[LISTS][WIDTH];
	CvmScoredItem *lists = CVM_NEW(CvmScoredItem, LISTS * n);
	CvmScoredItem *all = CVM_NEW(CvmScoredItem, items);
	int			found[LISTS];
	int			excluded_count = 0;

	/* few values, so that scores tie */
	for (int i = 0; i < items * WIDTH; i++)
		factors[i] = i % 7 - 3;
	for (int i = 0; i < items; i++)
		biases[i] = i % 2;
	for (int i = 1; i < items; i += 3)
		excluded[excluded_count++] = i;
	for (int u = 0; u < LISTS; u++)
	{
		for (int k = 0; k < WIDTH; k++)
			own[u][k] = (u + k) % 3 - 1;
		users[u] = (CvmListUser)
		{
			.factors = own[u],.base = u,.excluded = excluded,
				.excluded_count = u % 2 ? excluded_count : 0
		};
	}
	cvm_best_items(&vectors, users, LISTS, n, lists, found);
	for (int u = 0; u < LISTS; u++)
	{
		int			count = 0;

		for (int i = 0; i < items; i++)
		{
			if (u % 2 && i % 3 == 1)
				continue;
			all[count].item = i;
			all[count].score = biases[i] + u;
			for (int k = 0; k < WIDTH; k++)
				all[count].score += own[u][k] * factors[i * WIDTH + k];
			count++;
		}
		qsort(all, count, sizeof(CvmScoredItem), by_score);
		CHECK(found[u] == (count < n ? count : n));
		for (int i = 0; i < found[u]; i++)
		{
			CHECK(lists[u * n + i].item == all[i].item);
			CHECK_CLOSE(lists[u * n + i].score, all[i].score, 1e-12);
		}
	}
}

int
main(void)
{
	test_interactions(false, false);
	test_interactions(true, false);
	test_interactions(true, true);
	test_alternating(false, false, true, 0);
	test_alternating(false, true, true, 1);
	test_alternating(false, false, false, 0.5);
	test_alternating(true, false, false, 0);
	test_alternating(true, true, false, 0.5);
	test_singular();
	test_pairwise_step();
	test_pairwise();
	test_best_items(9, 3);
	test_best_items(9, 20);
	test_best_items(1200, 10);
	test_best_items(513, 200);
	return check_done();
}
