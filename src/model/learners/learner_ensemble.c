/*
 * learner_ensemble.c
 *		Several models as one: their predictions averaged, or weighed by a model
 *		of their own.
 *
 * Members are whole models, nested in the payload: an ensemble is a value that
 * needs nothing else.  The average is that of probabilities or numbers; what
 * a stack is, learn/stacking.h says.
 */
#include "model/learners/learner_ensemble.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "model/predictor.h"

#define BAD(...) cvm_fail(error, CVM_BAD_FORMAT, "invalid cvm.model: " __VA_ARGS__)

/* Predictions of members that a stack is learned from. */
#define MOST_PREDICTIONS (4 * 1024 * 1024)

const char *const cvm_ensemble_method_names[] = {"average", "stack", NULL};

static const CvmEnsemble *
ensemble_of(const CvmModel *model)
{
	return (const CvmEnsemble *) model->payload;
}

static CvmFamily
family_of(const CvmLearner *learner, CvmTask task, const CvmOptions *options)
{
	return task == CVM_BINARY ? CVM_LOGISTIC : task == CVM_MULTICLASS ? CVM_SOFTMAX : CVM_LINEAR;
}

/* ---- predictions of members ---- */

typedef struct Prepared
{
	const CvmEnsemble *ensemble;
	int			outputs;
	int			classes;		/* of a stack: 2 for two classes; 0: numbers */
	CvmPredictor **predictors;
	CvmMemberRows **rows;
	double	   *predictions;	/* of a member: CVM_BLOCK_ROWS x outputs */
	double	   *row;			/* of a row: members x classes (or 1) */
	double	   *all;			/* members x CVM_BLOCK_ROWS x outputs */
	double	   *result;			/* classes, or 1 */
} Prepared;

static Prepared *
prepare(const CvmEncoder *encoder, const CvmEnsemble *ensemble, int outputs, int classes)
{
	Prepared   *prepared = CVM_NEW_ZERO(Prepared, 1);
	const CvmModelList *members = &ensemble->members;

	prepared->ensemble = ensemble;
	prepared->outputs = outputs;
	prepared->classes = classes;
	prepared->predictors = CVM_NEW(CvmPredictor *, members->count);
	prepared->rows = CVM_NEW(CvmMemberRows *, members->count);
	for (int m = 0; m < members->count; m++)
	{
		prepared->predictors[m] = cvm_predictor_create(members->models[m]);
		prepared->rows[m] = cvm_member_rows_create(encoder, &members->models[m]->encoder, true);
	}
	prepared->all = CVM_NEW(double, (size_t) members->count * CVM_BLOCK_ROWS * outputs);
	prepared->row = CVM_NEW(double, (size_t) members->count * (classes > 0 ? classes : 1));
	prepared->result = CVM_NEW(double, classes > 0 ? classes : 1);
	return prepared;
}

/* Fills "all": member by member, rows x outputs of each. */
static void
predict_members(Prepared *prepared, const CvmBlock *block)
{
	for (int m = 0; m < prepared->ensemble->members.count; m++)
		cvm_predictor_predict(prepared->predictors[m],
							  cvm_member_rows_encode(prepared->rows[m], block),
							  prepared->all + (size_t) m * block->rows * prepared->outputs);
}

/* The members' predictions for a row: members x classes, both of two classes. */
static void
gather_row(const Prepared *prepared, int rows, int row, double *gathered)
{
	for (int m = 0; m < prepared->ensemble->members.count; m++)
	{
		const double *own = prepared->all + ((size_t) m * rows + row) * prepared->outputs;

		if (prepared->classes == 2 && prepared->outputs == 1)
		{
			gathered[2 * m] = 1 - own[0];
			gathered[2 * m + 1] = own[0];
		}
		else
			memcpy(gathered + (size_t) m * prepared->outputs, own, prepared->outputs * sizeof(double));
	}
}

static void
average(const Prepared *prepared, int rows, double *predictions)
{
	size_t		count = (size_t) rows * prepared->outputs;

	memset(predictions, 0, count * sizeof(double));
	for (int m = 0; m < prepared->ensemble->members.count; m++)
		for (size_t i = 0; i < count; i++)
			predictions[i] += prepared->ensemble->weights[m] * prepared->all[m * count + i];
}

static void
predict_ensemble(void *state, const CvmBlock *block, double *predictions)
{
	Prepared   *prepared = (Prepared *) state;
	const CvmEnsemble *ensemble = prepared->ensemble;

	predict_members(prepared, block);
	if (ensemble->method == CVM_ENSEMBLE_AVERAGE)
	{
		average(prepared, block->rows, predictions);
		return;
	}
	for (int row = 0; row < block->rows; row++)
	{
		gather_row(prepared, block->rows, row, prepared->row);
		cvm_stack_predict(ensemble->members.count, prepared->classes, ensemble->weights,
						  ensemble->biases, prepared->row, prepared->result);
		if (prepared->outputs == 1)
			predictions[row] = prepared->result[prepared->classes == 2];
		else
			memcpy(predictions + (size_t) row * prepared->outputs, prepared->result,
				   prepared->outputs * sizeof(double));
	}
}

static void *
prepare_ensemble(const CvmModel *model)
{
	return prepare(&model->encoder, ensemble_of(model), model->outputs, model->class_count);
}

/* ---- fitting ---- */

/* Options "weights", or all alike. */
static CvmStatus
settle_average(const CvmOptions *options, int count, double *weights, CvmError *error)
{
	double		sum = 0;

	if (options->weights.count > 0 && options->weights.count != count)
		return cvm_fail(error, CVM_BAD_OPTION, "option \"weights\" has %d elements for %d models",
						options->weights.count, count);
	for (int m = 0; m < count; m++)
	{
		weights[m] = options->weights.count > 0 ? options->weights.values[m] : 1;
		sum += weights[m];
	}
	if (!(sum > 0))
		return cvm_fail(error, CVM_BAD_OPTION, "option \"weights\" leaves no model any weight");
	for (int m = 0; m < count; m++)
		weights[m] /= sum;
	return CVM_OK;
}

/* Rows of the lesson with what the members predict for them; of very many a share. */
static void
gather_rows(const CvmLesson *lesson, const CvmModel *model, const CvmEnsemble *ensemble,
			CvmStackRows *stack_rows)
{
	CvmBlockSource *source = lesson->training;
	int			classes = lesson->class_count;
	int			width = ensemble->members.count * (classes > 0 ? classes : 1);
	double		share = (double) MOST_PREDICTIONS / width / (double) source->rows;
	size_t		capacity = share >= 1 ? source->rows : (size_t) (MOST_PREDICTIONS / width) + 1;
	Prepared   *prepared = prepare(&model->encoder, ensemble, model->outputs, classes);
	double	   *predictions = CVM_NEW(double, capacity * width);
	double	   *targets = CVM_NEW(double, capacity);
	double	   *weights = CVM_NEW(double, capacity);
	uint64_t	number = 0;
	size_t		count = 0;

	for (int b = 0; b < source->blocks; b++)
	{
		const CvmBlock *block = source->read(source->state, b);

		cvm_check_interrupt();
		predict_members(prepared, block);
		for (int row = 0; row < block->rows && count < capacity; row++)
		{
			if (share < 1 && (double) (cvm_hash64(number++, lesson->options->seed) >> 11) * 0x1p-53 >= share)
				continue;
			gather_row(prepared, block->rows, row, predictions + count * width);
			targets[count] = block->target[row];
			weights[count++] = block->weight[row];
		}
	}
	stack_rows->count = count;
	stack_rows->members = ensemble->members.count;
	stack_rows->classes = classes;
	stack_rows->predictions = predictions;
	stack_rows->targets = targets;
	stack_rows->weights = weights;
}

static CvmStatus
fit_ensemble(const CvmLesson *lesson, CvmModel *model, CvmError *error)
{
	const CvmMembers *members = lesson->options->members;
	CvmEnsemble *ensemble = CVM_NEW_ZERO(CvmEnsemble, 1);
	int			count = members->list.count;
	double	   *weights = CVM_NEW(double, count);
	double	   *biases = CVM_NEW_ZERO(double, lesson->class_count > 0 ? lesson->class_count : 1);

	ensemble->method = lesson->options->method;
	ensemble->members = members->list;
	ensemble->weights = weights;
	model->payload = ensemble;
	model->solver = CVM_SOLVER_AUTO;
	model->outcome = CVM_CONVERGED;
	model->iterations = 0;
	model->rank = -1;
	model->loss = model->validation_loss = model->gradient_norm = NAN;
	if (ensemble->method == CVM_ENSEMBLE_AVERAGE)
		return settle_average(lesson->options, count, weights, error);
	else
	{
		CvmStackRows rows;
		CvmStack	stack = {.weights = weights,.biases = biases};

		ensemble->biases = biases;
		gather_rows(lesson, model, ensemble, &rows);
		cvm_stack_fit(&rows, lesson->options->l2, &stack);
		model->iterations = stack.iterations;
		model->loss = isfinite(stack.loss) ? stack.loss : NAN;
		cvm_release((void *) rows.predictions);
		cvm_release((void *) rows.targets);
		cvm_release((void *) rows.weights);
	}
	return CVM_OK;
}

/* ---- the payload ---- */

static void
describe_ensemble(CvmModel *model, CvmFields *fields)
{
	CvmEnsemble *ensemble;

	if (fields->reading)
	{
		model->family = family_of(model->learner, model->task, NULL);
		model->payload = CVM_NEW_ZERO(CvmEnsemble, 1);
	}
	ensemble = (CvmEnsemble *) model->payload;
	cvm_field_choice(fields, "method", cvm_ensemble_method_names, &ensemble->method);
	cvm_field_models(fields, "members", model, false, &ensemble->members);
	cvm_field_numbers(fields, "weights", &ensemble->weights, ensemble->members.count, false);
	if (ensemble->method == CVM_ENSEMBLE_STACK)
		cvm_field_numbers(fields, "biases", &ensemble->biases,
						  model->class_count > 0 ? model->class_count : 1, false);
}

static const CvmModelList *
nested_models(const CvmModel *model)
{
	return &ensemble_of(model)->members;
}

static CvmStatus
check_member(const CvmModel *model, const CvmModel *member, int number, CvmError *error)
{
	CvmStatus	status = cvm_model_check(member, error);

	if (status != CVM_OK)
		return status;
	if (member->task != model->task || member->class_count != model->class_count)
		return BAD("member %d answers another question", number);
	for (int k = 0; k < model->class_count; k++)
		if (strcmp(member->classes[k], model->classes[k]) != 0)
			return BAD("member %d has other classes", number);
	if (cvm_member_rows_create(&model->encoder, &member->encoder, false) == NULL)
		return BAD("member %d reads what the ensemble does not", number);
	return CVM_OK;
}

static CvmStatus
check_ensemble(const CvmModel *model, CvmError *error)
{
	const CvmEnsemble *ensemble = ensemble_of(model);
	int			biases = ensemble->method == CVM_ENSEMBLE_AVERAGE ? 0 :
		model->class_count > 0 ? model->class_count : 1;
	double		sum = 0;

	if (ensemble->members.count < 2)
		return BAD("an ensemble has two members or more");
	for (int m = 0; m < ensemble->members.count; m++)
	{
		CvmStatus	status = check_member(model, ensemble->members.models[m], m + 1, error);

		if (status != CVM_OK)
			return status;
		if (!(ensemble->weights[m] >= 0) || !isfinite(ensemble->weights[m]))
			return BAD("the weight of member %d is none", m + 1);
		sum += ensemble->weights[m];
	}
	if (ensemble->method == CVM_ENSEMBLE_AVERAGE && !(fabs(sum - 1) < 1e-9))
		return BAD("the weights of its members do not add up to 1");
	for (int k = 0; k < biases; k++)
		if (!isfinite(ensemble->biases[k]))
			return BAD("a bias is not finite");
	return CVM_OK;
}

/* Where all members predict the same one. */
static double
quantile_of(const CvmModel *model)
{
	const CvmModelList *members = &ensemble_of(model)->members;
	double		quantile = cvm_model_measure(members->models[0]).quantile;

	for (int m = 1; m < members->count; m++)
		if (cvm_model_measure(members->models[m]).quantile != quantile)
			return 0;
	return ensemble_of(model)->method == CVM_ENSEMBLE_AVERAGE ? quantile : 0;
}

const CvmLearner cvm_learner_ensemble = {
	.name = "ensemble",.number = CVM_ALGORITHM_ENSEMBLE,
	.tasks = CVM_TASK_BIT(CVM_REGRESSION) | CVM_TASK_BIT(CVM_BINARY) | CVM_TASK_BIT(CVM_MULTICLASS),
	.keeps_missing = true,
	.family = family_of,.fit = fit_ensemble,
	.describe = describe_ensemble,.check = check_ensemble,.nested = nested_models,
	.prepare = prepare_ensemble,.predict = predict_ensemble,
	.quantile = quantile_of
};
