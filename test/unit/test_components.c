/*
 * test_components.c
 *		Principal components and linear discriminant analysis against
 *		scikit-learn.
 *
 * Reference figures: test/reference/components_sklearn.py.
 */
#include "check.h"

#include <string.h>

#include "base/memory.h"
#include "learn/components/discriminant.h"
#include "learn/components/pca.h"
#include "learn/family.h"

#define ROWS 600
#define WIDTH 4
#define CLASSES 3

static CvmExpansion plain = {.dense_columns = WIDTH,.width = WIDTH};

static void
make_rows(CvmBlockSource *source, int class_count)
{
	int			count = (ROWS + CVM_BLOCK_ROWS - 1) / CVM_BLOCK_ROWS;
	CvmBlock  **blocks = CVM_NEW(CvmBlock *, count);

	for (int i = 0; i < ROWS; i++)
	{
		int			row = i % CVM_BLOCK_ROWS;
		CvmBlock   *block;
		double	   *x;

		if (row == 0)
			blocks[i / CVM_BLOCK_ROWS] = cvm_block_create(WIDTH, 0);
		block = blocks[i / CVM_BLOCK_ROWS];
		block->rows = row + 1;
		x = block->dense + row * WIDTH;
		x[0] = cos(2 * (i % 3)) + sin(12.9898 * i);
		x[1] = 2 * sin(2 * (i % 3)) + sin(78.233 * i + 1) + 0.5 * sin(12.9898 * i);
		x[2] = 0.5 * sin(37.719 * i + 2);
		x[3] = 0.3 * sin(5.31 * i) - 0.2 * sin(12.9898 * i) + 0.1 * (i % 3);
		block->target[row] = i % class_count;
		block->weight[row] = 1;
	}
	cvm_block_source_from_array(source, blocks, count, WIDTH, 0, WIDTH);
}

static const double *
row_of(CvmBlockSource *source, int i)
{
	return source->read(source->state, i / CVM_BLOCK_ROWS)->dense + i % CVM_BLOCK_ROWS * WIDTH;
}

/* ---- principal components ---- */

static void
test_pca(bool randomized, double tolerance)
{
	static const double loadings[WIDTH][WIDTH] = {
		{0.21793265139575457, 0.9745171862260298, 0.0012939885476087468, -0.05310309594888187},
		{0.9645816589473245, -0.22335986196038818, 0.0034407803727247934, -0.14028811894772011},
		{-0.0039774584005356755, -0.0005448138285186511, 0.9999900320478644, -0.0019541769304216895},
		{0.14856568413572238, 0.020647735784573202, 0.002534251166806218, 0.9886837138717713}
	};
	static const double variances[WIDTH] = {
		2.5476252990310155, 0.9777519972595398, 0.11824070236316897, 0.0462711457093498
	};
	CvmBlockSource source;
	CvmVectors	vectors;
	CvmPrincipal principal;
	CvmRandom	random;
	CvmError	error = {0};

	make_rows(&source, CLASSES);
	cvm_vectors_of_blocks(&vectors, &source, &plain);
	cvm_random_seed(&random, 1);
	CHECK(cvm_pca_fit(&vectors, randomized, WIDTH, 0, &random, &principal, &error) == CVM_OK);
	CHECK(principal.components == WIDTH);
	for (int i = 0; i < WIDTH; i++)
	{
		CHECK_CLOSE(principal.variances[i], variances[i], tolerance);
		for (int j = 0; j < WIDTH; j++)
			CHECK_CLOSE(principal.loadings[i * WIDTH + j], loadings[i][j], tolerance);
	}
	CHECK_CLOSE(principal.total_variance,
				variances[0] + variances[1] + variances[2] + variances[3], tolerance);

	/* the fewest that explain so much */
	CHECK(cvm_pca_fit(&vectors, randomized, 0, 0.9, &random, &principal, &error) == CVM_OK);
	CHECK(principal.components == 2);
	CHECK(cvm_pca_fit(&vectors, randomized, 0, 1, &random, &principal, &error) == CVM_OK);
	CHECK(principal.components == WIDTH);
}

static void
test_project(void)
{
	CvmBlockSource source;
	CvmVectors	vectors;
	CvmPrincipal principal;
	CvmRandom	random;
	CvmError	error = {0};
	double		work[WIDTH];
	double		values[2];
	double		distance;
	double		residual = 0;

	make_rows(&source, CLASSES);
	cvm_vectors_of_blocks(&vectors, &source, &plain);
	cvm_random_seed(&random, 1);
	CHECK(cvm_pca_fit(&vectors, false, 2, 0, &random, &principal, &error) == CVM_OK);
	cvm_pca_project(1, WIDTH, 2, row_of(&source, 17), principal.means, principal.loadings, work,
					values, &distance);
	for (int j = 0; j < WIDTH; j++)
	{
		double		left = row_of(&source, 17)[j] - principal.means[j] -
			values[0] * principal.loadings[j] - values[1] * principal.loadings[WIDTH + j];

		residual += left * left;
	}
	CHECK_CLOSE(distance, sqrt(residual), 1e-12);
}

static void
test_no_variance(void)
{
	CvmBlockSource source;
	CvmVectors	vectors;
	CvmPrincipal principal;
	CvmRandom	random;
	CvmError	error = {0};

	make_rows(&source, CLASSES);
	for (int b = 0; b < source.blocks; b++)
	{
		const CvmBlock *block = source.read(source.state, b);

		memset(block->dense, 0, sizeof(double) * WIDTH * block->rows);
	}
	cvm_vectors_of_blocks(&vectors, &source, &plain);
	cvm_random_seed(&random, 1);
	CHECK(cvm_pca_fit(&vectors, false, 0, 0.9, &random, &principal, &error) == CVM_BAD_DATA);
}

/* ---- discriminant ---- */

static void
probabilities_of(const CvmDiscriminant *learned, const double *row, double *probabilities)
{
	for (int k = 0; k < learned->classes; k++)
	{
		const double *scores = learned->scores + k * (learned->width + 1);

		probabilities[k] = scores[learned->width];
		for (int j = 0; j < learned->width; j++)
			probabilities[k] += scores[j] * row[j];
	}
	cvm_family_mean(CVM_SOFTMAX, learned->classes, probabilities, probabilities);
}

static void
test_discriminant(void)
{
	static const struct
	{
		int			row;
		double		probabilities[CLASSES];
	}			expected[] = {
		{0, {0.9770788832628072, 0.011453470569412582, 0.011467646167780097}},
		{100, {6.203155772241396e-08, 0.9999998528122239, 8.515621839000468e-08}},
		{311, {0.008033764674598801, 0.00010862432002479872, 0.9918576110053764}},
		{599, {0.6377186908399031, 0.00034282824895958476, 0.36193848091113734}}
	};
	static const double axes_of_311[] = {1.2304419978797727, 1.8494748248537807};
	CvmBlockSource source;
	CvmDiscriminant learned;
	CvmError	error = {0};
	double		values[WIDTH];

	make_rows(&source, CLASSES);
	CHECK(cvm_discriminant_fit(&plain, CLASSES, &source, &learned, &error) == CVM_OK);
	for (int i = 0; i < 4; i++)
	{
		double		probabilities[CLASSES];

		probabilities_of(&learned, row_of(&source, expected[i].row), probabilities);
		for (int k = 0; k < CLASSES; k++)
			CHECK(fabs(probabilities[k] / expected[i].probabilities[k] - 1) < 1e-9);
	}
	CHECK(learned.axes == 2);
	CHECK_CLOSE(learned.explained[0], 0.7821724394479298, 1e-10);
	CHECK_CLOSE(learned.explained[1], 0.2178275605520702, 1e-10);
	for (int axis = 0; axis < 2; axis++)
	{
		values[axis] = 0;
		for (int j = 0; j < WIDTH; j++)
			values[axis] += learned.loadings[axis * WIDTH + j] *
				(row_of(&source, 311)[j] - learned.means[j]);
		CHECK_CLOSE(fabs(values[axis]), axes_of_311[axis], 1e-10);
	}
}

/* A column that is another one again changes no probability. */
static void
test_dependent_column(void)
{
	CvmBlockSource source;
	CvmDiscriminant before;
	CvmDiscriminant after;
	CvmError	error = {0};
	double		first[CLASSES];
	double		second[CLASSES];
	CvmExpansion narrow = {.dense_columns = WIDTH,.width = WIDTH};

	make_rows(&source, CLASSES);
	for (int b = 0; b < source.blocks; b++)
	{
		const CvmBlock *block = source.read(source.state, b);

		for (int row = 0; row < block->rows; row++)
			block->dense[row * WIDTH + 3] = 0;
	}
	CHECK(cvm_discriminant_fit(&narrow, CLASSES, &source, &before, &error) == CVM_OK);
	probabilities_of(&before, row_of(&source, 5), first);
	for (int b = 0; b < source.blocks; b++)
	{
		const CvmBlock *block = source.read(source.state, b);

		for (int row = 0; row < block->rows; row++)
			block->dense[row * WIDTH + 3] = block->dense[row * WIDTH] + block->dense[row * WIDTH + 2];
	}
	CHECK(cvm_discriminant_fit(&narrow, CLASSES, &source, &after, &error) == CVM_OK);
	probabilities_of(&after, row_of(&source, 5), second);
	for (int k = 0; k < CLASSES; k++)
		CHECK_CLOSE(first[k], second[k], 1e-9);
}

/* ---- parts of the rows ---- */

/* Sums of parts add up to those of all rows, decayed as their weights would be. */
static void
test_parts(double decay)
{
	CvmBlockSource all;
	CvmScatter	earlier;
	CvmScatter	both;
	CvmScatter	whole;
	CvmBlock   *blocks[2];
	CvmBlockSource parts[2];
	CvmVectors	vectors;
	CvmPrincipal principal;
	CvmPrincipal expected;
	CvmError	error = {0};

	make_rows(&all, CLASSES);
	for (int b = 0; b < 2; b++)
	{
		blocks[b] = (CvmBlock *) all.read(all.state, b);
		cvm_block_source_from_array(&parts[b], &blocks[b], 1, WIDTH, 0, WIDTH);
	}
	cvm_discriminant_scatter(&plain, CLASSES, &parts[0], &earlier);
	cvm_discriminant_scatter(&plain, CLASSES, &parts[1], &both);
	cvm_scatter_merge(&both, &earlier, decay);
	for (int row = 0; row < blocks[0]->rows; row++)
		blocks[0]->weight[row] *= decay;
	cvm_block_source_from_array(&all, blocks, 2, WIDTH, 0, WIDTH);
	cvm_discriminant_scatter(&plain, CLASSES, &all, &whole);
	for (int k = 0; k < CLASSES; k++)
		CHECK_CLOSE(both.weights[k], whole.weights[k], 1e-10);
	for (int i = 0; i < CLASSES * WIDTH; i++)
		CHECK_CLOSE(both.means[i], whole.means[i], 1e-10);
	for (size_t i = 0; i < CVM_SCATTER_SQUARES(WIDTH); i++)
		CHECK_CLOSE(both.squares[i], whole.squares[i], 1e-9);

	for (int row = 0; row < blocks[0]->rows; row++)
		blocks[0]->weight[row] = 1;
	cvm_vectors_of_blocks(&vectors, &parts[0], &plain);
	cvm_pca_scatter(&vectors, &earlier);
	cvm_vectors_of_blocks(&vectors, &parts[1], &plain);
	cvm_pca_scatter(&vectors, &both);
	cvm_scatter_merge(&both, &earlier, decay);
	CHECK(cvm_pca_of_scatter(&both, 2, 0, &principal, &error) == CVM_OK);
	for (int row = 0; row < blocks[0]->rows; row++)
		blocks[0]->weight[row] = decay;
	cvm_block_source_from_array(&all, blocks, 2, WIDTH, 0, WIDTH);
	cvm_vectors_of_blocks(&vectors, &all, &plain);
	CHECK(cvm_pca_fit(&vectors, false, 2, 0, NULL, &expected, &error) == CVM_OK);
	for (int i = 0; i < 2 * WIDTH; i++)
		CHECK_CLOSE(principal.loadings[i], expected.loadings[i], 1e-10);
	CHECK_CLOSE(principal.total_variance, expected.total_variance, 1e-10);
}

int
main(void)
{
	test_pca(false, 1e-10);
	test_pca(true, 1e-8);
	test_project();
	test_no_variance();
	test_discriminant();
	test_dependent_column();
	test_parts(1);
	test_parts(0.4);
	return check_done();
}
