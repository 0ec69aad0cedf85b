/*
 * information.c
 *		What a fit of a linear family knew of its rows, and going on from there.
 *
 * The quadratic is added to whatever the new rows say, so that the solvers see
 * one objective.  It is only good near b0: the null model, which fits are
 * measured by, is far from there, so that its place is taken by the point with
 * b0's intercepts and no slopes.
 */
#include "learn/linear/information.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "learn/linear/objective.h"
#include "learn/linear/start.h"
#include "linalg/dense.h"

/* As in start.c: of the linear predictors, a gradient as small as that is zero. */
#define ROUNDING 1e-14

static bool
is_whole(size_t parameters)
{
	return parameters <= CVM_WHOLE_INFORMATION;
}

size_t
cvm_information_size(size_t parameters)
{
	return is_whole(parameters) ? parameters * (parameters + 1) / 2 : parameters;
}

/* ---- an objective at a point ---- */

static void
take_information(const CvmObjective *objective, const double *parameters,
				 CvmInformation *information)
{
	const CvmShape *shape = objective->shape;
	int			count = CVM_PARAMETERS(shape);
	double	   *gradient = CVM_NEW(double, count);
	double	   *curvature = CVM_NEW(double, cvm_information_size(count));
	double	   *matrix;
	double	   *packed = curvature;
	CvmHessian	whole;

	information->gradient = gradient;
	information->curvature = curvature;
	if (!is_whole(count))
	{
		objective->evaluate(objective->state, parameters, &information->loss, gradient, NULL,
							curvature);
		return;
	}
	matrix = CVM_NEW(double, (size_t) count * count);
	objective->evaluate(objective->state, parameters, &information->loss, gradient, matrix, NULL);
	cvm_hessian_whole(&whole, shape, matrix);
	cvm_hessian_finish(&whole, 1, 0, 0);
	for (int column = 0; column < count; column++)
		for (int row = 0; row <= column; row++)
			*packed++ = matrix[row + (size_t) column * count];
	cvm_release(matrix);
}

void
cvm_information_of_rows(const CvmShape *shape, CvmBlockSource *rows, const double *parameters,
						CvmInformation *information)
{
	CvmObjective objective;
	CvmBlockObjective blocks;

	cvm_objective_over_blocks(&objective, &blocks, shape, rows);
	take_information(&objective, parameters, information);
	cvm_release(blocks.work);
}

/* ---- new rows and the quadratic ---- */

typedef struct Update
{
	CvmObjective rows;			/* the new ones */
	CvmBlockObjective blocks;
	const CvmKnownRows *known;
	double	   *way;			/* b - b0 */
	double	   *pull;			/* H0 (b - b0) */
} Update;

static void
multiply_by_curvature(const double *curvature, int count, const double *vector, double *product)
{
	if (!is_whole(count))
	{
		for (int i = 0; i < count; i++)
			product[i] = curvature[i] * vector[i];
		return;
	}
	memset(product, 0, count * sizeof(double));
	for (int column = 0; column < count; column++)
	{
		double		sum = 0;

		for (int row = 0; row < column; row++)
		{
			sum += curvature[row] * vector[row];
			product[row] += curvature[row] * vector[column];
		}
		product[column] += sum + curvature[column] * vector[column];
		curvature += column + 1;
	}
}

static void
evaluate_update(void *state, const double *parameters, double *loss, double *gradient,
				double *hessian, double *diagonal)
{
	Update	   *update = (Update *) state;
	const CvmKnownRows *known = update->known;
	const CvmInformation *information = known->information;
	int			count = CVM_PARAMETERS(update->rows.shape);
	bool		whole = is_whole(count);
	const double *curvature = information->curvature;

	update->rows.evaluate(update->rows.state, parameters, loss, gradient, hessian, diagonal);
	for (int i = 0; i < count; i++)
		update->way[i] = parameters[i] - known->parameters[i];
	multiply_by_curvature(curvature, count, update->way, update->pull);
	if (loss != NULL)
		*loss += known->decay * (information->loss +
								 cvm_dot(count, information->gradient, update->way) +
								 cvm_dot(count, update->pull, update->way) / 2);
	for (int i = 0; i < count && gradient != NULL; i++)
		gradient[i] += known->decay * (information->gradient[i] + update->pull[i]);
	for (int column = 0; column < count; column++)
	{
		if (diagonal != NULL)
			diagonal[column] += known->decay * curvature[whole ? column : 0];
		for (int row = 0; row <= column && hessian != NULL; row++)
			hessian[row + (size_t) column * count] += known->decay *
				(whole ? curvature[row] : row == column ? curvature[0] : 0);
		curvature += whole ? column + 1 : 1;
	}
}

/* What gradients are compared with: those of b0 without slopes. */
static void
set_reference(const CvmProblem *problem, const double *parameters, CvmReference *reference)
{
	const CvmShape *shape = problem->objective->shape;
	double	   *flat = CVM_NEW_ZERO(double, problem->parameters);
	double		value;

	for (int i = 0; i < problem->parameters; i++)
		if (cvm_problem_is_intercept(problem, i))
			flat[i] = parameters[i];
	value = cvm_problem_evaluate(problem, flat, reference->gradient, NULL, reference->diagonal);
	cvm_reference_complete(reference, problem->parameters);
	reference->rounding = ROUNDING * sqrt(2 * fabs(value));
	if (shape->family == CVM_LINEAR)
		reference->rounding += ROUNDING * fabs(parameters[shape->slots]);
	cvm_release(flat);
}

CvmStatus
cvm_partial_fit(const CvmShape *shape, CvmBlockSource *training, CvmBlockSource *validation,
				const CvmOptions *options, const CvmKnownRows *known,
				const CvmProgress *progress, CvmFit *fit, CvmInformation *learned,
				CvmError *error)
{
	int			count = CVM_PARAMETERS(shape);
	Update		update = {.known = known};
	CvmObjective objective;
	CvmProblem	problem;
	CvmReference reference;

	if (training->rows == 0 || !(training->total_weight > 0))
		return cvm_fail(error, CVM_NO_ROWS, "there are no rows to learn from");
	update.way = CVM_NEW(double, count);
	update.pull = CVM_NEW(double, count);
	cvm_objective_over_blocks(&update.rows, &update.blocks, shape, training);
	objective = update.rows;
	objective.total_weight += known->total_weight;
	objective.rows += (uint64_t) llround(known->rows);
	objective.evaluate = evaluate_update;
	objective.state = &update;
	cvm_problem_init(&problem, &objective, options, progress);
	cvm_reference_init(&reference, count);
	set_reference(&problem, known->parameters, &reference);
	problem.reference = &reference;
	problem.whole = true;

	memset(fit, 0, sizeof(*fit));
	fit->parameters = CVM_NEW(double, count);
	memcpy(fit->parameters, known->parameters, count * sizeof(double));
	fit->solver = is_whole(count) ? CVM_SOLVER_NEWTON : CVM_SOLVER_LBFGS;
	fit->rank = -1;
	fit->dispersion = 1;
	fit->validation_loss = NAN;
	(is_whole(count) ? cvm_newton : cvm_lbfgs) (&problem, fit);
	cvm_center_outputs(&problem, fit->parameters);
	take_information(&objective, fit->parameters, learned);
	if (validation != NULL && validation->rows > 0)
		fit->validation_loss = cvm_mean_loss(shape, validation, fit->parameters);
	cvm_reference_release(&reference);
	cvm_release(update.blocks.work);
	cvm_release(update.way);
	cvm_release(update.pull);
	return CVM_OK;
}
