/*
 * test_learner.c
 *		The table of algorithms, and predictions of blocks by every entry.
 */
#include "check.h"

#include "model_fixture.h"

/* Rows of made-up numbers and of every level that a term has. */
static CvmBlock *
some_block(const CvmEncoder *encoder, int rows)
{
	CvmBlock   *block = cvm_block_create(encoder->dense_columns, encoder->coded_columns);

	block->rows = rows;
	for (int row = 0; row < rows; row++)
	{
		int			coded = 0;

		for (int i = 0; i < encoder->dense_columns; i++)
			block->dense[row * encoder->dense_columns + i] = some_number(31 * row + i);
		for (int i = 0; i < encoder->term_count; i++)
		{
			const CvmTerm *term = &encoder->terms[i];
			int			level;

			if (term->kind != CVM_TERM_CATEGORY)
				continue;
			level = row % term->level_count;
			block->codes[row * encoder->coded_columns + coded++] =
				level == 0 ? CVM_SINK(encoder->slots) : term->slot + level - 1;
		}
	}
	return block;
}

/* The prediction of one row by the definition of a linear predictor. */
static void
naive_prediction(const CvmModel *model, const CvmBlock *block, int row, double *prediction)
{
	const CvmEncoder *encoder = &model->encoder;
	size_t		stride = (size_t) encoder->slots + 1;
	double	   *parameters = CVM_NEW(double, model->outputs * stride);

	cvm_model_parameters(model, encoder, parameters);
	for (int k = 0; k < model->outputs; k++)
	{
		const double *own = parameters + k * stride;

		prediction[k] = own[encoder->slots];
		for (int i = 0; i < encoder->dense_columns; i++)
			prediction[k] += own[i] * block->dense[row * encoder->dense_columns + i];
		for (int i = 0; i < encoder->coded_columns; i++)
		{
			int			code = block->codes[row * encoder->coded_columns + i];

			if (code != CVM_SINK(encoder->slots))
				prediction[k] += own[code];
		}
	}
	cvm_family_mean(model->family, model->outputs, prediction, prediction);
}

static void
test_linear_predictions(CvmFamily family)
{
	CvmModel   *model = make_model(family);
	CvmBlock   *block = some_block(&model->encoder, 9);
	double		predictions[9 * 3];
	double		expected[3];
	void	   *prepared = model->learner->prepare(model);

	model->learner->predict(prepared, block, predictions);
	for (int row = 0; row < block->rows; row++)
	{
		naive_prediction(model, block, row, expected);
		for (int k = 0; k < model->outputs; k++)
			CHECK_CLOSE(predictions[row * model->outputs + k], expected[k], 1e-12);
	}
}

static void
test_table(void)
{
	char		list[512];
	char		short_list[8];

	for (int i = 0; i < cvm_learner_count; i++)
	{
		const CvmLearner *learner = cvm_learners[i];

		CHECK(cvm_learner_by_number(i) == learner);
		if (learner == NULL)
			continue;
		CHECK(learner->number == i);
		CHECK(cvm_learner_by_name(learner->name) == learner);
		CHECK(learner->tasks != 0);
	}
	CHECK(cvm_learner_by_number(-1) == NULL);
	CHECK(cvm_learner_by_number(cvm_learner_count) == NULL);
	CHECK(cvm_learner_by_name("magic") == NULL);
	CHECK(cvm_learner_of_family(CVM_HUBER) == cvm_learner_by_name("huber"));
	for (int task = CVM_REGRESSION; task <= CVM_MULTICLASS; task++)
		CHECK(cvm_learner_for_task((CvmTask) task)->tasks & CVM_TASK_BIT(task));
	cvm_learner_list(list, sizeof(list));
	CHECK(strncmp(list, "linear, logistic, softmax", 25) == 0);
	cvm_learner_list(short_list, sizeof(short_list));
	CHECK(strcmp(short_list, "linear,") == 0);
}

int
main(void)
{
	test_table();
	for (int family = 0; family < CVM_FAMILY_COUNT; family++)
		test_linear_predictions((CvmFamily) family);
	return check_done();
}
