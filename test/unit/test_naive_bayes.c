/*
 * test_naive_bayes.c
 *		Naive Bayes against scikit-learn, and where columns have gaps.
 *
 * Reference figures: test/reference/naive_bayes_sklearn.py.
 */
#include "check.h"

#include "base/memory.h"
#include "learn/bayes/naive_bayes.h"
#include "model_fixture.h"

#define ROWS 60
#define CLASSES 3
#define NUMBERS 3

static bool is_indicator[] = {false, false, false, true};
static int	first_slots[] = {4};
static int	level_counts[] = {4};
static const CvmExpansion columns = {
	.dense_columns = NUMBERS + 1,.is_indicator = is_indicator,
	.coded_columns = 1,.first_slots = first_slots,.level_counts = level_counts,
	.level_total = 4,.width = NUMBERS + 1 + 4
};

#define SLOTS 7

/* The rows of the reference, in blocks of the given size. */
static void
make_rows(CvmBlockSource *source, int block_rows)
{
	int			block_count = (ROWS + block_rows - 1) / block_rows;
	CvmBlock  **blocks = CVM_NEW(CvmBlock *, block_count);

	for (int i = 0; i < ROWS; i++)
	{
		int			class = (i * i + i / 7) % 3;
		int			level = (i * 11 + 2 * class) % 13 % 4;
		CvmBlock   *block;
		int			row = i % block_rows;

		if (row == 0)
			blocks[i / block_rows] = cvm_block_create(columns.dense_columns, 1);
		block = blocks[i / block_rows];
		block->rows = row + 1;
		for (int j = 0; j < NUMBERS; j++)
			block->dense[row * columns.dense_columns + j] =
				sin(1.7 * i * (j + 1)) * (1 + class) + 0.5 * j * class;
		block->dense[row * columns.dense_columns + NUMBERS] = (i * 7 + class) % 5 / 3;
		block->codes[row] = level == 0 ? CVM_SINK(SLOTS) : 4 + level - 1;
		block->target[row] = class;
		block->weight[row] = 1 + i % 3;
	}
	cvm_block_source_from_array(source, blocks, block_count, columns.dense_columns, 1, SLOTS);
}

static void
predict(const CvmNaiveBayes *learned, const CvmBlock *block, double *probabilities)
{
	cvm_bayes_scorer_block(cvm_bayes_scorer_create(&columns, CLASSES, learned), block,
						   probabilities);
	cvm_class_means(CVM_MULTICLASS, CLASSES, block->rows, probabilities, probabilities);
}

static void
test_against_sklearn(int block_rows)
{
	static const struct
	{
		int			row;
		double		probabilities[CLASSES];
	}			expected[] = {
		{0, {0.9185623730486093, 0.061069116207798084, 0.020368510743592628}},
		{7, {0.02091526527019326, 0.42780191215527436, 0.5512828225745323}},
		{31, {1.2482895779360492e-12, 0.15523903576057987, 0.8447609642381718}},
		{44, {0.3336754150955286, 0.44977963234902946, 0.21654495255544207}},
		{59, {0.8403823670808522, 0.11827834319460391, 0.04133928972454385}},
	};
	CvmBlockSource source;
	CvmNaiveBayes learned;
	double		probabilities[CVM_BLOCK_ROWS * CLASSES];

	make_rows(&source, block_rows);
	cvm_naive_bayes_fit(&columns, CLASSES, &source, 1, 0, &learned);
	for (int i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
	{
		const double *own = probabilities + expected[i].row % block_rows * CLASSES;

		predict(&learned, source.read(source.state, expected[i].row / block_rows), probabilities);
		for (int k = 0; k < CLASSES; k++)
			CHECK(fabs(own[k] / expected[i].probabilities[k] - 1) < 1e-10);
	}
}

/* A missing number is as if there were no such column in the row. */
static void
test_missing(void)
{
	CvmBlockSource source;
	CvmNaiveBayes learned;
	CvmBlock   *block;
	double		with[ROWS * CLASSES];
	double		without[ROWS * CLASSES];
	double	   *all_same;

	make_rows(&source, ROWS);
	block = (CvmBlock *) source.read(source.state, 0);
	block->dense[5 * columns.dense_columns + 1] = NAN;
	for (int i = 0; i < ROWS; i++)
		if (block->target[i] == 2)
			block->dense[i * columns.dense_columns + 2] = NAN;
	cvm_naive_bayes_fit(&columns, CLASSES, &source, 1, 1e-9, &learned);
	for (int i = 0; i < CLASSES * columns.dense_columns; i++)
		CHECK(isfinite(learned.means[i]));
	predict(&learned, block, with);

	/* the same with a factor for the missing number that is alike for all classes */
	all_same = (double *) learned.means;
	for (int k = 0; k < CLASSES; k++)
	{
		all_same[k * columns.dense_columns + 1] = 0;
		((double *) learned.variances)[k * columns.dense_columns + 1] = 1;
	}
	block->dense[5 * columns.dense_columns + 1] = 123;
	predict(&learned, block, without);
	for (int k = 0; k < CLASSES; k++)
		CHECK_CLOSE(with[5 * CLASSES + k], without[5 * CLASSES + k], 1e-12);
}

/* Rows where no class is likely, and columns that do not vary. */
static void
test_extremes(void)
{
	CvmBlockSource source;
	CvmNaiveBayes learned;
	CvmBlock   *block;
	double		probabilities[ROWS * CLASSES];

	make_rows(&source, ROWS);
	block = (CvmBlock *) source.read(source.state, 0);
	for (int i = 0; i < ROWS; i++)
		block->dense[i * columns.dense_columns] = 1e9;
	cvm_naive_bayes_fit(&columns, CLASSES, &source, 1, 0, &learned);
	block->dense[0] = 1e200;
	block->dense[1] = -1e200;
	predict(&learned, block, probabilities);
	for (int i = 0; i < ROWS; i++)
	{
		double		sum = 0;

		for (int k = 0; k < CLASSES; k++)
			sum += probabilities[i * CLASSES + k];
		CHECK_CLOSE(sum, 1, 1e-12);
	}
	for (int k = 0; k < CLASSES; k++)
		CHECK_CLOSE(probabilities[k], learned.priors[k], 1e-12);
}

/* A variance grows by its share of the column's variance. */
static void
test_variance_smoothing(void)
{
	CvmBlockSource source;
	CvmNaiveBayes plain;
	CvmNaiveBayes smoothed;
	double		first = 0;

	make_rows(&source, ROWS);
	cvm_naive_bayes_fit(&columns, CLASSES, &source, 1, 0, &plain);
	cvm_naive_bayes_fit(&columns, CLASSES, &source, 1, 0.5, &smoothed);
	for (int k = 0; k < CLASSES; k++)
	{
		double		added = smoothed.variances[k * columns.dense_columns] -
			plain.variances[k * columns.dense_columns];

		if (k == 0)
			first = added;
		CHECK(added > 0);
		CHECK_CLOSE(added, first, 1e-12);
	}
}

/*
 * Parts whose sums are added to those before are the fit of all rows, those
 * of earlier parts weighted by what decay leaves of them.
 */
static void
test_parts(double decay)
{
	const int	block_rows = 20;
	CvmBlockSource all;
	CvmBayesSums sums;
	CvmNaiveBayes parts;
	CvmNaiveBayes whole;
	double		total_weight = 0;

	make_rows(&all, block_rows);
	cvm_bayes_sums_init(&sums, &columns, CLASSES);
	for (int b = 0; b < all.blocks; b++)
	{
		CvmBlock   *block = (CvmBlock *) all.read(all.state, b);
		CvmBlockSource part;

		cvm_block_source_from_array(&part, &block, 1, columns.dense_columns, 1, SLOTS);
		cvm_bayes_sums_decay(&sums, &columns, decay);
		cvm_bayes_sums_add(&sums, &columns, &part);
		total_weight = decay * total_weight + part.total_weight;
	}
	cvm_naive_bayes_settle(&sums, &columns, total_weight, 1, 1e-3, &parts);

	for (int b = 0; b < all.blocks; b++)
		for (int row = 0; row < block_rows; row++)
			((CvmBlock *) all.read(all.state, b))->weight[row] *= pow(decay, all.blocks - 1 - b);
	all.total_weight = total_weight;
	cvm_naive_bayes_fit(&columns, CLASSES, &all, 1, 1e-3, &whole);
	for (int k = 0; k < CLASSES; k++)
		CHECK_CLOSE(parts.priors[k], whole.priors[k], 1e-10);
	for (int i = 0; i < CLASSES * columns.dense_columns; i++)
	{
		CHECK_CLOSE(parts.means[i], whole.means[i], 1e-10);
		if (!isnan(whole.variances[i]))
			CHECK_CLOSE(parts.variances[i], whole.variances[i], 1e-10);
	}
	for (int i = 0; i < CLASSES * columns.level_total; i++)
		CHECK_CLOSE(parts.level_probabilities[i], whole.level_probabilities[i], 1e-10);
	cvm_bayes_sums_free(&sums);
}

/* Of two classes the second one's probability, as if there were more. */
static void
test_two_classes(void)
{
	double		scores[] = {0, 0, -3, 1, 700, -800, -1000, -999.5, -INFINITY, 2, 5, -INFINITY};
	double		both[12];

	cvm_class_means(CVM_MULTICLASS, 2, 6, scores, both);
	cvm_class_means(CVM_BINARY, 2, 6, scores, scores);
	for (int row = 0; row < 6; row++)
		CHECK(fabs(scores[row] - both[2 * row + 1]) <= 1e-15 * both[2 * row + 1]);
}

static void
test_refused(void)
{
	CvmModel   *model = make_naive_bayes_model();
	CvmNaiveBayes *learned = (CvmNaiveBayes *) model->payload;
	CvmError	error = {0};
	const double *means = learned->means;

	CHECK(cvm_model_check(model, &error) == CVM_OK);
	((double *) learned->priors)[0] = 0;
	CHECK(cvm_model_check(model, &error) == CVM_BAD_FORMAT);
	((double *) learned->priors)[0] = 0.5;
	((double *) learned->variances)[0] = -1;
	CHECK(cvm_model_check(model, &error) == CVM_BAD_FORMAT);
	((double *) learned->variances)[0] = 1;
	((double *) learned->level_probabilities)[2] = 1.5;
	CHECK(cvm_model_check(model, &error) == CVM_BAD_FORMAT);
	((double *) learned->level_probabilities)[2] = 0.5;
	learned->means = NULL;
	CHECK(cvm_model_check(model, &error) == CVM_BAD_FORMAT);
	learned->means = means;
	CHECK(cvm_model_check(model, &error) == CVM_OK);
}

int
main(void)
{
	test_against_sklearn(ROWS);
	test_against_sklearn(7);
	test_missing();
	test_extremes();
	test_variance_smoothing();
	test_parts(1);
	test_parts(0.5);
	test_two_classes();
	test_refused();
	return check_done();
}
