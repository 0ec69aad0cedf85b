/*
 * list_judge.c
 *		How good lists of recommended items are.
 *
 * Rows are kept as pairs of numbers until all are there, then dealt out to
 * users, and the lists of a chunk of users are made at once.  A user stands for
 * the number that the first model knows it by; the second one may know it by
 * another.
 */
#include "model/list_judge.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "learn/measure/recommended_list.h"

/* Places of a list. */
#define PLACES 10

#define FIGURES 3

static const char *const figure_names[FIGURES] = {"ndcg_at_10", "map_at_10", "hit_rate_at_10"};

typedef struct JudgedRow
{
	int32_t		users[CVM_MOST_JUDGED];
	int32_t		items[CVM_MOST_JUDGED]; /* -1: unknown to the model */
} JudgedRow;

struct CvmListJudge
{
	const CvmModel *models[CVM_MOST_JUDGED];
	const CvmRecommender *recommenders[CVM_MOST_JUDGED];
	int			count;
	bool		learned;
	JudgedRow  *rows;
	size_t		row_count;
	size_t		room;
	uint64_t	mask;			/* of users' hashes: zero for those that are kept */
};

CvmListJudge *
cvm_list_judge_create(CvmPredictor *const *predictors, int count, bool learned)
{
	CvmListJudge *judge = CVM_NEW_ZERO(CvmListJudge, 1);

	for (int m = 0; m < count; m++)
	{
		judge->models[m] = cvm_predictor_model(predictors[m]);
		judge->recommenders[m] = cvm_predictor_recommender(predictors[m]);
	}
	judge->count = count;
	judge->learned = learned;
	return judge;
}

void
cvm_list_judge_free(CvmListJudge *judge)
{
	cvm_release(judge->rows);
	cvm_release(judge);
}

/* ---- rows ---- */

static bool
is_kept(const CvmListJudge *judge, int user)
{
	return (cvm_hash64(user, 0) & judge->mask) == 0;
}

/* Keeps half of the users. */
static void
halve(CvmListJudge *judge)
{
	size_t		kept = 0;

	judge->mask = 2 * judge->mask + 1;
	for (size_t i = 0; i < judge->row_count; i++)
		if (is_kept(judge, judge->rows[i].users[0]))
			judge->rows[kept++] = judge->rows[i];
	judge->row_count = kept;
}

static void
keep(CvmListJudge *judge, const JudgedRow *row)
{
	if (judge->row_count == judge->room)
	{
		judge->room = judge->room == 0 ? 1024 : 2 * judge->room;
		judge->rows = cvm_resize(judge->rows, judge->room, sizeof(JudgedRow));
	}
	judge->rows[judge->row_count++] = *row;
	while (judge->row_count >= CVM_JUDGED_ROWS)
		halve(judge);
}

/* Whether a user has met an item in the rows that a model has learned from. */
static bool
has_seen(const CvmRecommender *recommender, int user, int item)
{
	int			low;
	int			high;

	if (recommender->seen_starts == NULL || item < 0)
		return false;
	low = recommender->seen_starts[user];
	high = recommender->seen_starts[user + 1];
	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (recommender->seen_items[middle] < item)
			low = middle + 1;
		else
			high = middle;
	}
	return low < recommender->seen_starts[user + 1] && recommender->seen_items[low] == item;
}

void
cvm_list_judge_add(CvmListJudge *judge, const CvmBlock *const *blocks)
{
	bool		amounts = judge->models[0]->target[0] != '\0';

	for (int i = 0; i < blocks[0]->rows; i++)
	{
		JudgedRow	row = {{-1, -1}, {-1, -1}};
		bool		counts = !amounts || blocks[0]->target[i] > 0;

		for (int m = 0; m < judge->count && counts; m++)
		{
			cvm_pair_of_row(&judge->recommenders[m]->layout, blocks[m], i, &row.users[m],
							&row.items[m]);
			counts = row.users[m] >= 0 &&
				(judge->learned ||
				 !has_seen(judge->recommenders[m], row.users[m], row.items[m]));
		}
		if (counts && is_kept(judge, row.users[0]))
			keep(judge, &row);
	}
}

/* ---- lists ---- */

static int
by_user_and_item(const void *a, const void *b)
{
	const JudgedRow *left = (const JudgedRow *) a;
	const JudgedRow *right = (const JudgedRow *) b;

	if (left->items[0] != right->items[0])
		return left->items[0] < right->items[0] ? -1 : 1;
	return left->items[1] < right->items[1] ? -1 : left->items[1] > right->items[1];
}

/* The rows of each user together, in the order of items. */
typedef struct JudgedUsers
{
	JudgedRow  *rows;
	size_t	   *starts;			/* by user, and one past the last */
	int			count;
} JudgedUsers;

static void
deal_out(const CvmListJudge *judge, JudgedUsers *users)
{
	int			known = judge->recommenders[0]->layout.users;
	size_t	   *starts = CVM_NEW_ZERO(size_t, (size_t) known + 2);

	users->rows = CVM_NEW(JudgedRow, judge->row_count);
	for (size_t i = 0; i < judge->row_count; i++)
		starts[judge->rows[i].users[0] + 2]++;
	for (int user = 0; user < known; user++)
		starts[user + 2] += starts[user + 1];
	for (size_t i = 0; i < judge->row_count; i++)
		users->rows[starts[judge->rows[i].users[0] + 1]++] = judge->rows[i];

	/* users without rows go */
	users->count = 0;
	for (int user = 0; user < known; user++)
	{
		size_t		start = starts[user];
		size_t		end = starts[user + 1];

		if (user % 1024 == 0)
			cvm_check_interrupt();
		if (start == end)
			continue;
		qsort(users->rows + start, end - start, sizeof(JudgedRow), by_user_and_item);
		starts[users->count++] = start;
	}
	starts[users->count] = judge->row_count;
	users->starts = starts;
}

/* The figures of one list for a user who went on to meet the items of rows. */
static void
judge_list(const CvmScoredItem *list, int found, int model, const JudgedRow *rows, size_t count,
		   CvmListItem *items, double *figures)
{
	size_t		relevant = 0;	/* different items */
	size_t		listed = 0;

	for (int place = 0; place < PLACES; place++)
		items[place] = (CvmListItem)
	{
		.score = -place
	};
	for (size_t i = 0; i < count; i++)
	{
		if (i > 0 && by_user_and_item(&rows[i], &rows[i - 1]) == 0 && rows[i].items[0] >= 0)
			continue;
		relevant++;
		for (int place = 0; place < found; place++)
			if (list[place].item == rows[i].items[model])
			{
				listed += items[place].relevance == 0;
				items[place].relevance = 1;
			}
	}
	for (size_t i = 0; i < relevant - listed; i++)
		items[PLACES + i] = (CvmListItem)
	{
		.score = -PLACES - 1,.relevance = 1
	};
	figures[1] = cvm_list_average_precision(items, PLACES + relevant - listed, PLACES);
	figures[2] = cvm_list_hit_rate(items, PLACES + relevant - listed, PLACES);
	figures[0] = cvm_list_ndcg(items, PLACES + relevant - listed, PLACES);	/* reorders */
}

static size_t
most_rows(const JudgedUsers *users)
{
	size_t		most = 0;

	for (int u = 0; u < users->count; u++)
		if (users->starts[u + 1] - users->starts[u] > most)
			most = users->starts[u + 1] - users->starts[u];
	return most;
}

/* How many users lists are made for. */
static int
most_users(const CvmListJudge *judge)
{
	double		most = CVM_JUDGED_SCORES / judge->recommenders[0]->items.items;

	return most > CVM_JUDGED_USERS ? CVM_JUDGED_USERS :
		most < CVM_LEAST_JUDGED_USERS ? CVM_LEAST_JUDGED_USERS : (int) most;
}

/* Called with the figures of each user: models x FIGURES. */
typedef void (*TakeFigures) (void *state, const double *figures);

static void
judge_users(const CvmListJudge *judge, TakeFigures take, void *state)
{
	JudgedUsers users;
	CvmListUser chunk[CVM_LIST_USERS];
	CvmScoredItem *lists[CVM_MOST_JUDGED];
	int			found[CVM_MOST_JUDGED][CVM_LIST_USERS];
	CvmListItem *items;
	int			most;
	int			stride;

	deal_out(judge, &users);
	items = CVM_NEW(CvmListItem, PLACES + most_rows(&users));
	for (int m = 0; m < judge->count; m++)
		lists[m] = CVM_NEW(CvmScoredItem, CVM_LIST_USERS * PLACES);
	/* drawn evenly over the order of users, which is that of their rows */
	most = most_users(judge);
	stride = (users.count + most - 1) / most;
	for (int first = 0; first < users.count; first += CVM_LIST_USERS * stride)
	{
		int			left = (users.count - first + stride - 1) / stride;
		int			count = left < CVM_LIST_USERS ? left : CVM_LIST_USERS;

		for (int m = 0; m < judge->count; m++)
		{
			for (int u = 0; u < count; u++)
				chunk[u] = cvm_recommender_user(judge->recommenders[m],
												users.rows[users.starts[first + u * stride]].users[m],
												!judge->learned);
			cvm_best_items(&judge->recommenders[m]->items, chunk, count, PLACES, lists[m],
						   found[m]);
		}
		for (int u = 0; u < count; u++)
		{
			size_t		start = users.starts[first + u * stride];
			double		figures[CVM_MOST_JUDGED * FIGURES];

			for (int m = 0; m < judge->count; m++)
				judge_list(lists[m] + u * PLACES, found[m][u], m, users.rows + start,
						   users.starts[first + u * stride + 1] - start, items,
						   figures + m * FIGURES);
			take(state, figures);
		}
	}
	cvm_release(users.rows);
	cvm_release(users.starts);
	cvm_release(items);
	for (int m = 0; m < judge->count; m++)
		cvm_release(lists[m]);
}

/* ---- results ---- */

typedef struct FigureSums
{
	size_t		users;
	double		sums[CVM_MOST_JUDGED * FIGURES];
	double		squares;		/* of differences of the first figure */
} FigureSums;

static void
add_figures(void *state, const double *figures)
{
	FigureSums *sums = (FigureSums *) state;
	double		difference = figures[0] - figures[FIGURES];

	sums->users++;
	for (int i = 0; i < CVM_MOST_JUDGED * FIGURES; i++)
		sums->sums[i] += figures[i];
	sums->squares += difference * difference;
}

static void
add_figures_of_one(void *state, const double *figures)
{
	FigureSums *sums = (FigureSums *) state;

	sums->users++;
	for (int i = 0; i < FIGURES; i++)
		sums->sums[i] += figures[i];
}

int
cvm_list_judge_metrics(CvmListJudge *judge, CvmMetric *metrics)
{
	FigureSums	sums = {0};

	if (judge->row_count > 0)
		judge_users(judge, add_figures_of_one, &sums);
	for (int i = 0; i < FIGURES; i++)
	{
		metrics[i].name = figure_names[i];
		metrics[i].value = sums.users > 0 ? sums.sums[i] / (double) sums.users : NAN;
	}
	return FIGURES;
}

bool
cvm_list_judge_verdict(CvmListJudge *judge, CvmVerdict *verdict)
{
	FigureSums	sums = {0};
	double		users;

	if (judge->row_count == 0)
		return false;
	judge_users(judge, add_figures, &sums);
	users = (double) sums.users;
	verdict->metric = figure_names[0];
	verdict->rows = judge->row_count;
	verdict->evidence = (size_t) sums.users;
	verdict->candidate = sums.sums[0] / users;
	verdict->active = sums.sums[FIGURES] / users;
	verdict->gain = verdict->candidate - verdict->active;
	verdict->std_error = sqrt(fmax(0, sums.squares / users - verdict->gain * verdict->gain) / users);
	return true;
}
