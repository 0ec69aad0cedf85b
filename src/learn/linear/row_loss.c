/*
 * row_loss.c
 *		Losses of rows and their derivatives by the linear predictor.
 *
 * Plain loops over rows without branches, which the compiler turns into
 * vector code.  The formulas are those of family.h; they are arranged so that
 * nothing cancels in the tails: a loss of 1e-300 is not rounded to zero, nor
 * 1 - p computed from a p near one.
 */
#include "learn/linear/row_loss.h"

#include <math.h>

#include "linalg/clones.h"
#include "linalg/elementary.h"

CVM_CLONES static void
squared_losses(int rows, const double *restrict eta, const double *restrict target,
			   const double *restrict weight, double *restrict loss,
			   double *restrict g, double *restrict h)
{
	for (int row = 0; row < rows; row++)
	{
		double		residual = eta[row] - target[row];

		loss[row] = weight[row] * (residual * residual / 2);
		g[row] = weight[row] * residual;
		h[row] = weight[row];
	}
}

/*
 * With m = s eta and t = exp(-|m|): loss = log1p(t) + max(-m, 0), the
 * probability of a mistake is t / (1 + t) or 1 / (1 + t).
 */
CVM_WIDE_CLONES static void
logistic_losses(int rows, const double *restrict eta, const double *restrict target,
				const double *restrict weight, double *restrict loss,
				double *restrict g, double *restrict h)
{
	for (int row = 0; row < rows; row++)
	{
		double		sign = target[row] + target[row] - 1;
		double		margin = sign * eta[row];
		double		tail = cvm_exp(-fabs(margin));
		double		larger = 1 / (1 + tail);
		double		smaller = tail * larger;
		double		mistake = margin > 0 ? smaller : larger;

		loss[row] = weight[row] * (cvm_log1p(tail) + (margin > 0 ? 0 : -margin));
		g[row] = weight[row] * (-sign * mistake);
		h[row] = weight[row] * (larger * smaller);
	}
}

/* The first derivative alone, the same bit by bit. */
CVM_CLONES static void
logistic_slopes(int rows, const double *restrict eta, const double *restrict target,
				const double *restrict weight, double *restrict g)
{
	for (int row = 0; row < rows; row++)
	{
		double		sign = target[row] + target[row] - 1;
		double		margin = sign * eta[row];
		double		tail = cvm_exp(-fabs(margin));
		double		larger = 1 / (1 + tail);

		g[row] = weight[row] * (-sign * (margin > 0 ? tail * larger : larger));
	}
}

CVM_WIDE_CLONES static void
poisson_losses(int rows, const double *restrict eta, const double *restrict target,
			   const double *restrict weight, double *restrict loss,
			   double *restrict g, double *restrict h)
{
	for (int row = 0; row < rows; row++)
	{
		double		mean = cvm_exp(eta[row]);

		loss[row] = weight[row] * (mean - target[row] * eta[row]);
		g[row] = weight[row] * (mean - target[row]);
		h[row] = weight[row] * mean;
	}
}

CVM_CLONES static void
squared_hinge_losses(int rows, const double *restrict eta, const double *restrict target,
					 const double *restrict weight, double *restrict loss,
					 double *restrict g, double *restrict h)
{
	for (int row = 0; row < rows; row++)
	{
		double		sign = target[row] + target[row] - 1;
		double		lack = 1 - sign * eta[row];
		double		active = lack > 0 ? weight[row] : 0;

		/* eta may be infinite */
		lack = lack > 0 ? lack : 0;
		loss[row] = active * (lack * lack / 2);
		g[row] = active * (-sign * lack);
		h[row] = active;
	}
}

CVM_CLONES static void
huber_losses(int rows, double delta, double softening, const double *restrict eta,
			 const double *restrict target, const double *restrict weight,
			 double *restrict loss, double *restrict g, double *restrict h)
{
	for (int row = 0; row < rows; row++)
	{
		double		residual = eta[row] - target[row];
		double		size = fabs(residual);
		double		kept = size > delta ? delta : size;	/* |derivative| */

		loss[row] = weight[row] * (kept * (size - kept / 2));
		g[row] = weight[row] * copysign(kept, residual);
		h[row] = weight[row] * (size > delta ? softening * delta / size : 1);
	}
}

void
cvm_row_losses(const CvmShape *shape, double softening, int rows, const double *eta,
			   const double *target, const double *weight,
			   double *loss, double *g, double *h)
{
	switch (shape->family)
	{
		case CVM_LINEAR:
			squared_losses(rows, eta, target, weight, loss, g, h);
			break;
		case CVM_LOGISTIC:
			if (loss == NULL)
				logistic_slopes(rows, eta, target, weight, g);
			else
				logistic_losses(rows, eta, target, weight, loss, g, h);
			break;
		case CVM_POISSON:
			poisson_losses(rows, eta, target, weight, loss, g, h);
			break;
		case CVM_SVM:
			squared_hinge_losses(rows, eta, target, weight, loss, g, h);
			break;
		case CVM_HUBER:
			huber_losses(rows, shape->delta, softening, eta, target, weight, loss, g, h);
			break;
		case CVM_SOFTMAX:
			break;				/* cvm_softmax_losses */
	}
}

/*
 * With the largest eta subtracted, the sum of exponentials is 1 + others.
 * Here rest holds, at first, the exponentials but that of the largest.
 */
CVM_WIDE_CLONES void
cvm_softmax_losses(int outputs, int rows, double *restrict eta, double *restrict rest,
				   const double *restrict target, const double *restrict weight,
				   double *restrict loss, double *restrict g)
{
	double		largest[CVM_BLOCK_ROWS];
	double		which[CVM_BLOCK_ROWS];
	double		others[CVM_BLOCK_ROWS];
	double		own[CVM_BLOCK_ROWS];

	for (int row = 0; row < rows; row++)
	{
		largest[row] = eta[row];
		which[row] = others[row] = own[row] = 0;
	}
	for (int k = 1; k < outputs; k++)
	{
		const double *eta_k = eta + (size_t) k * CVM_BLOCK_ROWS;

		for (int row = 0; row < rows; row++)
		{
			which[row] = eta_k[row] > largest[row] ? k : which[row];
			largest[row] = eta_k[row] > largest[row] ? eta_k[row] : largest[row];
		}
	}
	for (int k = 0; k < outputs; k++)
	{
		double	   *eta_k = eta + (size_t) k * CVM_BLOCK_ROWS;

		for (int row = 0; row < rows; row++)
		{
			double		centered = eta_k[row] - largest[row];

			own[row] += target[row] == k ? centered : 0;
			eta_k[row] = cvm_exp(centered);
			others[row] += which[row] == k ? 0 : eta_k[row];
		}
	}
	for (int row = 0; row < rows; row++)
	{
		loss[row] = weight[row] * (cvm_log1p(others[row]) - own[row]);
		largest[row] = 1 / (1 + others[row]);
	}
	for (int k = 0; k < outputs; k++)
	{
		double	   *p = eta + (size_t) k * CVM_BLOCK_ROWS;
		double	   *rest_k = rest + (size_t) k * CVM_BLOCK_ROWS;
		double	   *g_k = g + (size_t) k * CVM_BLOCK_ROWS;

		for (int row = 0; row < rows; row++)
		{
			p[row] *= largest[row];
			rest_k[row] = which[row] == k ? others[row] * largest[row] : 1 - p[row];
			g_k[row] = weight[row] * (target[row] == k ? -rest_k[row] : p[row]);
		}
	}
}

CVM_CLONES void
cvm_softmax_curvature(int first, int second, int rows, const double *restrict p,
					  const double *restrict rest, const double *restrict weight,
					  double *restrict h)
{
	const double *p1 = p + (size_t) first * CVM_BLOCK_ROWS;
	const double *p2 = p + (size_t) second * CVM_BLOCK_ROWS;
	const double *rest1 = rest + (size_t) first * CVM_BLOCK_ROWS;

	for (int row = 0; row < rows; row++)
		h[row] = weight[row] * p1[row] * (first == second ? rest1[row] : -p2[row]);
}
