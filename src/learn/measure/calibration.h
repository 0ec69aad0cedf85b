/*
 * calibration.h
 *		From a classifier's scores to probabilities that mean what they say.
 *
 * A calibration maps the probability p that a learner gives, class by class
 * against the rest:
 *
 *	  platt		1 / (1 + exp(-(slope log(p / (1 - p)) + intercept)))
 *				(Platt, 1999; targets and Newton's method as in Lin, Lin and
 *				Weng, 2007)
 *	  isotonic	the non-decreasing function nearest to the labels (pool adjacent
 *				violators), straight between its points and level beyond them,
 *				as scikit-learn's
 *
 * Of more than two classes the results are divided by their sum; where that is
 * zero, classes are equally likely.
 */
#ifndef CVM_CALIBRATION_H
#define CVM_CALIBRATION_H

#include <stddef.h>
#include <stdint.h>

typedef enum CvmCalibrationMethod
{
	CVM_CALIBRATION_NONE = 0,	/* values are part of the model format */
	CVM_CALIBRATION_PLATT = 1,
	CVM_CALIBRATION_ISOTONIC = 2
} CvmCalibrationMethod;

typedef struct CvmCalibration
{
	int			method;			/* CvmCalibrationMethod, but not none */
	int			maps;			/* 1 for two classes, else one a class */

	/* platt, by map */
	const double *slopes;		/* >= 0 */
	const double *intercepts;

	/* isotonic */
	int			points;			/* of all maps */
	const int32_t *map_points;	/* by map, at least 1 */
	const double *scores;		/* by point: rising within a map */
	const double *probabilities;	/* not falling within a map */
} CvmCalibration;

/* NULL-terminated, by CvmCalibrationMethod. */
extern const char *const cvm_calibration_names[];

/* Maps predictions, rows x maps, in place. */
extern void cvm_calibrate(const CvmCalibration *calibration, int rows, double *predictions);

/* Labelled scores of one class against the rest. */
typedef struct CvmLabelledScores
{
	size_t		count;
	const double *scores;		/* probabilities of the class */
	const int32_t *labels;		/* classes */
	const double *weights;		/* > 0 */
	int			positive;		/* the class */
} CvmLabelledScores;

/*
 * Platt's map.  Scores that rank the class worse than chance give the slope
 * zero: a map never turns the order around.
 */
extern void cvm_platt_fit(const CvmLabelledScores *labelled, double *slope, double *intercept);

/*
 * The isotonic map: number of points, at least 1; scores and probabilities are
 * allocated with cvm_alloc.  Points that lie between two of the same
 * probability are left out.
 */
extern int	cvm_isotonic_fit(const CvmLabelledScores *labelled, double **scores,
							 double **probabilities);

#endif							/* CVM_CALIBRATION_H */
