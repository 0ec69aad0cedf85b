/*
 * test_model_build.c
 *		From a fit to a model and back: same predictions, and the covariance
 *		against a naive twin.
 */
#include "check.h"

#include "model_fixture.h"

/* One customer: numbers by term, NaN for missing; level names by term. */
typedef struct Row
{
	double		numbers[8];
	const char *levels[8];		/* NULL for missing */
} Row;

static const Row rows[] = {
	{{12, 1, 0, 8500, 0, 0, -1.499}, {[2] = "a", [4] = "b", [5] = "a"}},
	{{NAN, 0, 0, 7000, 0, 0, -1.502}, {[2] = "b", [4] = "c", [5] = "b"}},
	{{72, 0, 0, 8123.5, 0, 0, -1.5}, {[2] = "new", [4] = "a", [5] = "a"}},
	{{1, 1, 0, 9000, 0, 0, -1.501}, {[2] = NULL, [4] = "a", [5] = "b"}}
};

#define ROW_COUNT ((int) (sizeof(rows) / sizeof(rows[0])))

static int
level_of(const CvmTerm *term, const char *name)
{
	if (name == NULL)
		return cvm_level_missing(term);
	return cvm_level_find(cvm_level_lookup_create(term), name, (int) strlen(name));
}

/*
 * The linear predictor of a row.  names: where the row has its values, for
 * encoders whose terms stand elsewhere.
 */
static double
predict(const CvmEncoder *encoder, const double *coefficients, bool encoded,
		const CvmEncoder *names, const Row *row)
{
	double		eta = coefficients[encoder->slots];

	for (int i = 0; i < encoder->term_count; i++)
	{
		const CvmTerm *term = &encoder->terms[i];
		int			place = 0;

		while (strcmp(names->terms[place].name, term->name) != 0)
			place++;
		if (term->kind == CVM_TERM_CATEGORY)
		{
			int			level = level_of(term, row->levels[place]);

			if (level > 0)
				eta += coefficients[term->slot + level - 1];
		}
		else
		{
			bool		missing = isnan(row->numbers[place]);
			double		x = missing ? term->fill : row->numbers[place];

			if (encoded)
				x = (x - term->center) / term->scale;
			eta += coefficients[term->slot] * x;
			if (missing && term->flag_slot >= 0)
				eta += coefficients[term->flag_slot];
		}
	}
	return eta;
}

static CvmShape
shape_of(const CvmModel *model)
{
	CvmShape	shape = {
		.family = model->family,.outputs = model->outputs,
		.dense_columns = model->encoder.dense_columns,
		.coded_columns = model->encoder.coded_columns,
		.slots = model->encoder.slots,.delta = 1.345
	};

	return shape;
}

static CvmFit
some_fit(int parameters)
{
	CvmFit		fit = {
		.parameters = CVM_NEW(double, parameters),.dispersion = 2.5,
		.solver = CVM_SOLVER_LBFGS,.outcome = CVM_SINGULAR,.iterations = 9,
		.rank = 8,.loss = INFINITY,.validation_loss = 0.5,.gradient_norm = 1e-9
	};

	for (int i = 0; i < parameters; i++)
		fit.parameters[i] = some_number(i + 7);
	return fit;
}

/*
 * Symmetric, positive definite: A A' of a lower triangle A of made-up numbers.
 * As from the solvers, only the upper triangle is there.
 */
static double *
some_covariance(int parameters)
{
	double	   *covariance = CVM_NEW_ZERO(double, (size_t) parameters * parameters);

	for (int i = 0; i < parameters; i++)
		for (int j = i; j < parameters; j++)
			for (int k = 0; k <= i; k++)
				covariance[j * parameters + i] +=
					some_number(i * 31 + k) * some_number(j * 31 + k);
	return covariance;
}

static void
test_scale(CvmFamily family)
{
	CvmModel   *model = make_model(family);
	CvmShape	shape = shape_of(model);
	CvmFit		fit = some_fit(CVM_PARAMETERS(&shape));
	int			stride = shape.slots + 1;
	double	   *parameters = CVM_NEW(double, CVM_PARAMETERS(&shape));

	cvm_model_set_fit(model, &shape, &fit);
	for (int output = 0; output < shape.outputs; output++)
		for (int i = 0; i < ROW_COUNT; i++)
			CHECK_CLOSE(predict(&model->encoder, cvm_model_linear(model)->coefficients + output * stride, false,
								&model->encoder, &rows[i]),
						predict(&model->encoder, fit.parameters + output * stride, true,
								&model->encoder, &rows[i]), 1e-12);
	CHECK(cvm_model_linear(model)->standard_errors == NULL);
	CHECK(model->solver == CVM_SOLVER_LBFGS && model->outcome == CVM_SINGULAR);
	CHECK(model->iterations == 9 && model->rank == 8);
	CHECK(isnan(model->loss) && model->validation_loss == 0.5);
	CHECK(cvm_model_linear(model)->delta == (family == CVM_HUBER ? 1.345 : 0));
	CHECK(cvm_model_check(model, NULL) == CVM_OK);

	cvm_model_parameters(model, &model->encoder, parameters);
	for (int i = 0; i < CVM_PARAMETERS(&shape); i++)
		CHECK_CLOSE(parameters[i], fit.parameters[i], 1e-12);
}

/* T V T' in full, with T written out. */
static void
test_standard_errors(void)
{
	CvmModel   *model = make_model(CVM_LINEAR);
	CvmShape	shape = shape_of(model);
	int			count = CVM_PARAMETERS(&shape);
	CvmFit		fit = some_fit(count);
	double	   *transform = CVM_NEW_ZERO(double, count * count);

	fit.covariance = some_covariance(count);
	cvm_model_set_fit(model, &shape, &fit);
	for (int i = 0; i < count; i++)
		transform[i * count + i] = 1;
	for (int i = 0; i < model->encoder.term_count; i++)
	{
		const CvmTerm *term = &model->encoder.terms[i];

		if (term->kind == CVM_TERM_CATEGORY)
			continue;
		transform[term->slot * count + term->slot] = 1 / term->scale;
		transform[(count - 1) * count + term->slot] = -term->center / term->scale;
	}
	for (int row = 0; row < count; row++)
	{
		double		variance = 0;

		for (int i = 0; i < count; i++)
			for (int j = 0; j < count; j++)
				variance += transform[row * count + i] * transform[row * count + j] *
					fit.covariance[i < j ? j * count + i : i * count + j];
		CHECK_CLOSE(cvm_model_linear(model)->standard_errors[row] / sqrt(variance), 1, 1e-10);
	}
	CHECK(cvm_model_linear(model)->residual_freedom == 7043 - 8);
	CHECK(cvm_model_check(model, NULL) == CVM_OK);

	/* what a singular fit could not estimate is missing, not infinite */
	fit.covariance[0] = NAN;
	fit.covariance[count + 1] = -1;
	cvm_model_set_fit(model, &shape, &fit);
	CHECK(isnan(cvm_model_linear(model)->standard_errors[0]) && isnan(cvm_model_linear(model)->standard_errors[1]));
	CHECK(cvm_model_check(model, NULL) == CVM_OK);
}

/* Other centers and scales, terms in another order, another reference level. */
static void
test_other_encoding(void)
{
	CvmModel   *model = make_model(CVM_SOFTMAX);
	CvmEncoder	encoder = {0};
	double	   *parameters;
	CvmTerm		swapped;

	fill_encoder(&encoder);
	encoder.terms[0].center = 10;
	encoder.terms[0].scale = 3;
	encoder.terms[0].fill = 11;
	encoder.terms[3].center = 0;
	encoder.terms[3].scale = 1;
	encoder.terms[2].levels[0] = "b";
	encoder.terms[2].levels[1] = "a";
	encoder.terms[4].levels[0] = "c";
	encoder.terms[4].levels[2] = "a";
	swapped = encoder.terms[0];
	encoder.terms[0] = encoder.terms[6];
	encoder.terms[6] = swapped;
	(void) cvm_model_assign_slots(&encoder, NULL);

	parameters = CVM_NEW(double, model->outputs * (encoder.slots + 1));
	cvm_model_parameters(model, &encoder, parameters);
	for (int output = 0; output < model->outputs; output++)
		for (int i = 0; i < ROW_COUNT; i++)
			CHECK_CLOSE(predict(&encoder, parameters + output * (encoder.slots + 1), true,
								&model->encoder, &rows[i]),
						predict(&model->encoder,
								cvm_model_linear(model)->coefficients + output * (model->encoder.slots + 1),
								false, &model->encoder, &rows[i]), 1e-10);
}

static void
test_terms_that_come_and_go(void)
{
	CvmModel   *model = make_model(CVM_LOGISTIC);
	const CvmTerm *terms = model->encoder.terms;
	const double *coefficients = cvm_model_linear(model)->coefficients;
	CvmEncoder	encoder = {0};
	double		parameters[32];
	double		kept;

	fill_encoder(&encoder);

	/* "contract" is new under another name; "tenure" (center zero now) has a new level */
	encoder.terms[2].name = "plan";
	encoder.terms[4].levels[2] = "z";
	for (int i = 0; i < encoder.term_count; i++)
	{
		encoder.terms[i].center = 0;
		encoder.terms[i].scale = 1;
	}
	cvm_model_parameters(model, &encoder, parameters);

	for (int level = 1; level < 4; level++)
		CHECK(parameters[encoder.terms[2].slot + level - 1] == 0);
	/* the model would score an unknown month as its reference */
	CHECK(parameters[encoder.terms[4].slot + 1] == 0);
	CHECK_CLOSE(parameters[encoder.terms[0].slot], coefficients[terms[0].slot], 1e-14);
	kept = coefficients[model->encoder.slots];
	for (int level = 1; level < 4; level++)
		kept += terms[2].level_shares[level] * coefficients[terms[2].slot + level - 1];
	CHECK_CLOSE(parameters[encoder.slots], kept, 1e-14);
}

static void
test_standardized(void)
{
	CvmModel   *model = make_model(CVM_SOFTMAX);
	const CvmTerm *terms = model->encoder.terms;
	int			stride = model->encoder.slots + 1;

	CHECK_CLOSE(cvm_model_standardized(model, 1, terms[3].slot),
				cvm_model_linear(model)->coefficients[stride + terms[3].slot] * 365.5, 1e-14);
	CHECK_CLOSE(cvm_model_standardized(model, 0, terms[0].flag_slot),
				cvm_model_linear(model)->coefficients[terms[0].flag_slot] * sqrt(0.125 * 0.875), 1e-14);
	CHECK_CLOSE(cvm_model_standardized(model, 0, terms[2].slot),
				cvm_model_linear(model)->coefficients[terms[2].slot] * sqrt(0.25 * 0.75), 1e-14);
	CHECK(isnan(cvm_model_standardized(model, 2, model->encoder.slots)));
}

int
main(void)
{
	for (int family = 0; family < CVM_FAMILY_COUNT; family++)
		test_scale((CvmFamily) family);
	test_standard_errors();
	test_other_encoding();
	test_terms_that_come_and_go();
	test_standardized();
	return check_done();
}
