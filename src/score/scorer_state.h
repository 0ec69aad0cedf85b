/*
 * scorer_state.h
 *		What a scorer is made of, between scorer_compile.c and scorer.c.
 */
#ifndef CVM_SCORER_STATE_H
#define CVM_SCORER_STATE_H

#include "frame/column.h"
#include "model/predictor.h"
#include "score/scorer.h"

/* Which numbers and levels come from an input: its terms follow one another. */
typedef struct InputStep
{
	const CvmInput *input;
	CvmColumnReader *reader;
	int			number;			/* first number */
	int			number_count;
	int			level;			/* first level */
	int			level_count;
} InputStep;

typedef struct LevelStep
{
	const CvmTerm *term;
	CvmLevelLookup *lookup;
	int		   *part_levels;	/* TIME: level of month or weekday, 0 = missing */
	const double *effects;		/* linear: [level * outputs + output] */
} LevelStep;

struct CvmScorer
{
	/*
	 * linear, of one output, without levels or calibration: all that a row
	 * needs is here and next to each other
	 */
	bool		plain;
	CvmFamily	family;
	int			elements;		/* of the float8[] that can stand for a row */
	int			number_count;
	double	   *slopes;			/* [output * number_count + number] */
	double		intercept;		/* of output 0 */
	double	   *result;			/* [output] */

	const CvmModel *model;
	int			outputs;
	int			input_count;
	InputStep  *inputs;
	int		   *positions;		/* of inputs in the rows that are passed */
	bool		only_float8;	/* every input is a float8 column of one number */
	bool		in_order;		/* position i is that of input i */

	const CvmTerm **number_terms;
	double	   *numbers;		/* of a row */
	int			level_count;
	LevelStep  *level_steps;
	int		   *levels;			/* of a row */
	double	   *array;			/* scratch for arrays */

	/* linear, [output] or [output * number_count + number] */
	double	   *intercepts;
	double	   *missing;

	/* segment */
	CvmScorer **segments;		/* by level of the segment column, NULL for none; or NULL */
	int			segment_level;	/* which of the levels of a row tells it */

	/* encode */
	CvmBlock   *block;			/* one row; NULL for linear */
	CvmPredictor *predictor;
	double	   *components;		/* of a learner with a transform */
};

#endif							/* CVM_SCORER_STATE_H */
