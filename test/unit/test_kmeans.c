/*
 * test_kmeans.c
 *		k-means against scikit-learn, and where centers have nothing to do.
 *
 * Reference figures: test/reference/kmeans_sklearn.py.
 */
#include "check.h"

#include <string.h>

#include "base/memory.h"
#include "learn/kmeans/kmeans.h"

#define ROWS 1200
#define WIDTH 3

static CvmExpansion plain = {.dense_columns = WIDTH,.width = WIDTH};

/* The rows of the reference in blocks. */
static void
make_rows(CvmBlockSource *source)
{
	int			count = (ROWS + CVM_BLOCK_ROWS - 1) / CVM_BLOCK_ROWS;
	CvmBlock  **blocks = CVM_NEW(CvmBlock *, count);

	for (int i = 0; i < ROWS; i++)
	{
		int			row = i % CVM_BLOCK_ROWS;
		CvmBlock   *block;

		if (row == 0)
			blocks[i / CVM_BLOCK_ROWS] = cvm_block_create(WIDTH, 0);
		block = blocks[i / CVM_BLOCK_ROWS];
		block->rows = row + 1;
		block->dense[row * WIDTH] = 4 * cos(2 * (i % 5)) + sin(12.9898 * i);
		block->dense[row * WIDTH + 1] = 4 * sin(2 * (i % 5)) + sin(78.233 * i + 1);
		block->dense[row * WIDTH + 2] = 0.5 * sin(37.719 * i + 2);
		block->target[row] = 0;
		block->weight[row] = 1 + i % 2;
	}
	cvm_block_source_from_array(source, blocks, count, WIDTH, 0, WIDTH);
}

static void
fit(const CvmVectors *vectors, int count, uint64_t seed, bool mini_batch, CvmSegments *segments)
{
	CvmVectorSample sample;
	CvmRandom	random;

	cvm_random_seed(&random, seed);
	cvm_vector_sample(vectors, 1000, &random, &sample);
	CHECK(sample.rows <= 1024 && sample.rows >= 512);
	cvm_segments_init(segments, count, WIDTH);
	cvm_kmeans_start(&sample, 10, &random, segments);
	if (mini_batch)
		cvm_kmeans_mini_batch(vectors, segments, 3, NULL);
	else
		cvm_kmeans_lloyd(vectors, segments, 300, 1e-9, NULL);
	cvm_vector_sample_free(&sample);
}

static void
test_against_sklearn(void)
{
	static const struct
	{
		int			count;
		double		inertia;
	}			expected[] = {{2, 7.871928867499714}, {5, 0.9337092112642134}, {8, 0.6446189984885332}};
	CvmBlockSource source;
	CvmVectors	vectors;

	make_rows(&source);
	cvm_vectors_of_blocks(&vectors, &source, &plain);
	for (int i = 0; i < 3; i++)
	{
		CvmSegments segments;
		CvmSegments again;
		double		weight = 0;

		fit(&vectors, expected[i].count, 1, false, &segments);
		CHECK(segments.inertia < expected[i].inertia * 1.01);
		CHECK(segments.inertia > expected[i].inertia * (1 - 1e-9));
		CHECK(segments.converged);
		for (int k = 0; k < expected[i].count; k++)
			weight += segments.weights[k];
		CHECK_CLOSE(weight, source.total_weight, 1e-12);
		fit(&vectors, expected[i].count, 1, false, &again);
		CHECK(memcmp(again.centers, segments.centers,
					 sizeof(double) * WIDTH * expected[i].count) == 0);
		fit(&vectors, expected[i].count, 1, true, &again);
		CHECK(again.inertia < expected[i].inertia * 1.05);
	}
}

static void
test_choice(void)
{
	CvmBlockSource source;
	CvmVectorSample all;
	CvmVectors	vectors;
	CvmRandom	random;

	make_rows(&source);
	cvm_vectors_of_blocks(&vectors, &source, &plain);
	cvm_random_seed(&random, 3);
	cvm_vector_sample(&vectors, ROWS, &random, &all);
	CHECK(all.rows == ROWS);
	CHECK(cvm_choose_segments(&all, CVM_CHOOSE_BY_SILHOUETTE, 8, &random) == 3);
	CHECK(cvm_choose_segments(&all, CVM_CHOOSE_BY_GAP, 8, &random) >= 3);
}

/* Against distances one by one; of two that are as near the first one. */
static void
test_nearest(void)
{
	double		vectors[19 * 7];
	double		centers[11 * 7];
	double		squares[11];
	double		work[CVM_NEAREST_WORK(7)];
	double		distances[19];
	int			nearest[19];
	CvmRandom	random;

	cvm_random_seed(&random, 11);
	for (int width = 1; width <= 7; width++)
		for (int count = 1; count <= 11; count++)
			for (int rows = 1; rows <= 19; rows += 3)
			{
				for (int i = 0; i < rows * width; i++)
					vectors[i] = cvm_random_normal(&random);
				for (int i = 0; i < count * width; i++)
					centers[i] = cvm_random_normal(&random);
				if (count > 2)
					memcpy(centers + width, centers, width * sizeof(double));
				cvm_center_squares(centers, count, width, squares);
				cvm_nearest_centers(vectors, rows, width, centers, squares, count, work, nearest,
									distances);
				for (int row = 0; row < rows; row++)
				{
					double		least = INFINITY;
					int			best = 0;

					for (int k = 0; k < count; k++)
					{
						double		distance = 0;

						for (int j = 0; j < width; j++)
							distance += pow(vectors[row * width + j] - centers[k * width + j], 2);
						if (distance < least)
						{
							least = distance;
							best = k;
						}
					}
					CHECK(nearest[row] == best);
					CHECK_CLOSE(distances[row], least, 1e-12);
				}
			}
}

/* More centers than different rows; identical rows; a center far away. */
static void
test_degenerate(void)
{
	CvmBlockSource source;
	CvmVectors	vectors;
	CvmSegments segments;
	CvmBlock   *block;

	make_rows(&source);
	source.blocks = 1;
	block = (CvmBlock *) source.read(source.state, 0);
	block->rows = 4;
	source.total_weight = 6;
	for (int i = 0; i < 4 * WIDTH; i++)
		block->dense[i] = i / (2 * WIDTH);
	cvm_vectors_of_blocks(&vectors, &source, &plain);
	cvm_segments_init(&segments, 3, WIDTH);
	segments.centers[0] = 1e6;
	segments.centers[WIDTH] = -1e6;
	cvm_kmeans_lloyd(&vectors, &segments, 20, 1e-9, NULL);
	CHECK(segments.inertia == 0);
	CHECK(segments.weights[0] + segments.weights[1] + segments.weights[2] == 6);

	memset(block->dense, 0, 4 * WIDTH * sizeof(double));
	{
		CvmVectorSample sample;
		CvmRandom	random;

		cvm_random_seed(&random, 5);
		cvm_vector_sample(&vectors, 100, &random, &sample);
		cvm_kmeans_start(&sample, 2, &random, &segments);
		CHECK(segments.inertia == 0);
		CHECK(cvm_choose_segments(&sample, CVM_CHOOSE_BY_GAP, 3, &random) == 1);
	}
}

/*
 * Rows of one place draw a center to the mean of what it stood for, decayed,
 * and them.
 */
static void
test_go_on(void)
{
	CvmBlockSource source;
	CvmVectors	vectors;
	CvmSegments segments;
	CvmBlock   *block;

	make_rows(&source);
	block = (CvmBlock *) source.read(source.state, 0);
	cvm_block_source_from_array(&source, &block, 1, WIDTH, 0, WIDTH);
	for (int row = 0; row < block->rows; row++)
	{
		block->weight[row] = 1;
		for (int i = 0; i < WIDTH; i++)
			block->dense[row * WIDTH + i] = 2;
	}
	source.total_weight = block->rows;
	cvm_vectors_of_blocks(&vectors, &source, &plain);
	cvm_segments_init(&segments, 2, WIDTH);
	for (int i = 0; i < WIDTH; i++)
		segments.centers[WIDTH + i] = 10;
	segments.weights[0] = 100;
	segments.weights[1] = 50;
	segments.inertia = 1;
	cvm_kmeans_go_on(&vectors, &segments, NULL);
	for (int i = 0; i < WIDTH; i++)
	{
		CHECK_CLOSE(segments.centers[i], 2.0 * block->rows / (100 + block->rows), 1e-12);
		CHECK_CLOSE(segments.centers[WIDTH + i], 10, 1e-12);
	}
	CHECK_CLOSE(segments.weights[0], 100 + block->rows, 1e-9);
	CHECK_CLOSE(segments.inertia, (150 + 4.0 * WIDTH * block->rows) / (150 + block->rows), 1e-9);
}

int
main(void)
{
	test_against_sklearn();
	test_choice();
	test_nearest();
	test_degenerate();
	test_go_on();
	return check_done();
}
