/*
 * options.h
 *		The one vocabulary of training options.
 *
 * The table in options.c gives every option its name, kind, default, range
 * and help; the JSON parser (src/pg/options_json.c), cvm.options() and the
 * reference are driven by it.  The penalty is l1 * |w| + l2 / 2 * w^2 on
 * standardized features, added to the weighted sum of the losses; the
 * intercept is never penalized.
 */
#ifndef CVM_OPTIONS_H
#define CVM_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "learn/measure/calibration.h"

typedef enum CvmSolver
{
	CVM_SOLVER_AUTO, CVM_SOLVER_NEWTON, CVM_SOLVER_LBFGS, CVM_SOLVER_SGD,
	CVM_SOLVER_MOMENTUM, CVM_SOLVER_ADAGRAD, CVM_SOLVER_ADAM
} CvmSolver;

typedef enum CvmDriver
{
	CVM_DRIVER_AUTO, CVM_DRIVER_MEMORY, CVM_DRIVER_SPILL, CVM_DRIVER_PASSES
} CvmDriver;

typedef enum CvmSchedule
{
	CVM_SCHEDULE_CONSTANT, CVM_SCHEDULE_INVERSE, CVM_SCHEDULE_COSINE
} CvmSchedule;

typedef enum CvmClassWeight
{
	CVM_CLASS_WEIGHT_NONE, CVM_CLASS_WEIGHT_BALANCED
} CvmClassWeight;

typedef enum CvmGrowth
{
	CVM_GROWTH_LEAF, CVM_GROWTH_DEPTH
} CvmGrowth;

typedef enum CvmPromote
{
	CVM_PROMOTE_ALWAYS, CVM_PROMOTE_IF_NOT_WORSE, CVM_PROMOTE_IF_BETTER, CVM_PROMOTE_MANUAL,
	CVM_PROMOTE_CHALLENGER
} CvmPromote;

typedef enum CvmThresholdRule
{
	CVM_THRESHOLD_EXPECTED, CVM_THRESHOLD_EMPIRICAL
} CvmThresholdRule;

/* What decisions are worth (learn/measure/profit.h); all zero: nothing was said. */
typedef struct CvmProfitOptions
{
	double		true_positive;
	double		false_positive;
	double		true_negative;
	double		false_negative;
	int			threshold;		/* CvmThresholdRule */
} CvmProfitOptions;

/* Of a pipeline, the last one not counted. */
#define CVM_MOST_STAGES 4

/* Of an option that is an array of numbers. */
#define CVM_MOST_NUMBERS 64

typedef struct CvmNumbers
{
	int			count;
	double	   *values;
} CvmNumbers;

typedef struct CvmStage
{
	const char *algorithm;
	const char *text;			/* as given, canonical JSON */
	struct CvmOptions *options;
} CvmStage;

typedef struct CvmStages
{
	int			count;			/* 0: no pipeline */
	CvmStage   *stages;
} CvmStages;

/* Of a neural network. */
#define CVM_MAX_HIDDEN_LAYERS 8

typedef enum CvmDecomposition
{
	CVM_DECOMPOSITION_AUTO, CVM_DECOMPOSITION_EXACT, CVM_DECOMPOSITION_RANDOMIZED
} CvmDecomposition;

typedef struct CvmOptions
{
	char	  **exclude;		/* columns that are no features, ends with NULL; or NULL */
	double		l2;
	double		l1;
	int			solver;			/* CvmSolver */
	int			driver;			/* CvmDriver */
	double		validation;		/* share held out, 0 .. 0.9 */
	char	   *validation_after;	/* a time; NULL: split by hash */
	char	   *time_column;	/* NULL: the only time column of the source */
	int64_t		seed;
	int			epochs;			/* most passes over the rows; 0: the solver's default */
	int			batch_size;
	double		learning_rate;	/* 0: the solver's default */
	int			schedule;		/* CvmSchedule */
	double		warmup;			/* epochs of linear warm-up */
	bool		averaging;		/* of the steps' weights, later ones counting more */
	double		momentum;
	double		tolerance;		/* relative; on gradient norm or on loss change */
	int			patience;		/* epochs without a better validation loss; 0: off */
	double		clip;			/* largest gradient norm of a batch; 0: off */
	double		delta;			/* huber: where squares become absolute values */
	int			hidden_layers[CVM_MAX_HIDDEN_LAYERS + 1];	/* units of each; ends with 0 */
	int			activation;		/* CvmActivation (learn/network/activation.h) */
	double		dropout;		/* share of hidden units left out of a step */
	double		adversarial;	/* how far rows are moved; 0: off */
	int			class_weight;	/* CvmClassWeight */
	char	   *positive;		/* label of the positive class; NULL: by rule */
	int			max_categories;
	int			min_category_count;
	bool		standardize;
	double		smoothing;		/* naive_bayes: weight added to each level */
	double		variance_smoothing; /* naive_bayes: share of a column's variance */
	int			segments;		/* kmeans: how many; 0: chosen */
	int			max_segments;	/* kmeans: the most that are chosen */
	int			choose_by;		/* kmeans: CvmSegmentChoice */
	int			starts;			/* kmeans: random starts */
	int			components;		/* pca: how many; 0: by explained */
	double		explained;		/* pca: share of variance */
	int			decomposition;	/* CvmDecomposition */
	int			factorization;	/* CvmFactorization (learn/factorization/factors.h) */
	int			factors;		/* matrix_factorization: of each user and item */
	bool		biases;			/* of ratings */
	double		l2_power;		/* the penalty of a user or item grows with its rows */
	double		alpha;			/* implicit: confidence in a unit of the amount */
	bool		keep_seen;		/* which items each user has met */
	char	   *user;			/* columns; NULL: the first feature without a role */
	char	   *item;
	char	  **user_attributes;	/* columns, ends with NULL; or NULL */
	char	  **item_attributes;
	int			trees;
	int			max_leaves;		/* of a tree; 0: the algorithm's default */
	int			max_depth;		/* 0: no limit */
	int			growth;			/* CvmGrowth */
	double		min_child_weight;	/* of a leaf: curvature, or weight of its rows */
	double		row_share;		/* of the rows for each tree */
	double		column_share;	/* of the columns; 0: the algorithm's default */
	int			impurity;		/* 0 gini, 1 entropy */
	int			objective;		/* CvmTreeObjective (learn/tree/tree_fit.h) */
	double		quantile;		/* objective quantile */
	char	  **increasing;		/* columns, ends with NULL; or NULL */
	char	  **decreasing;
	char	  **models;			/* ensemble: names, ends with NULL; or NULL */
	int			method;			/* CvmEnsembleMethod (model/learners/learner_ensemble.h) */
	CvmNumbers	weights;		/* of the models; none: all alike */
	const struct CvmMembers *members;	/* no option: what "models" stands for */
	CvmStages	pipeline;		/* before the algorithm of the model */
	int			calibration;	/* CvmCalibrationMethod */
	CvmProfitOptions profit;
	char	   *segment_by;		/* a category column; NULL: no segments */
	double		segment_shrinkage;	/* 0: chosen */
	int			segment_rounds;
	int			segment_min_rows;
	int			segment_limit;
	bool		warm_start;
	int			promote;		/* CvmPromote */
	double		promote_margin; /* share of the active version's figure */
	char	   *watermark;		/* a column that grows with new rows; NULL: none */
	bool		incremental;	/* keep what partial_fit goes on from */
	double		decay;			/* partial_fit: share of earlier knowledge that stays */
} CvmOptions;

typedef enum CvmOptionKind
{
	CVM_OPTION_NUMBER, CVM_OPTION_INTEGER, CVM_OPTION_INTEGER64,
	CVM_OPTION_INTEGERS, CVM_OPTION_BOOLEAN, CVM_OPTION_TEXT, CVM_OPTION_NAMES,
	CVM_OPTION_CHOICE, CVM_OPTION_OBJECT, CVM_OPTION_STAGES, CVM_OPTION_NUMBERS
} CvmOptionKind;

/*
 * An object is a group of options: {"profit": {"true_positive": 90}} sets the
 * option "profit.true_positive", which has an entry of its own.
 */
typedef struct CvmOptionSpec
{
	const char *name;
	CvmOptionKind kind;
	size_t		offset;			/* in CvmOptions */
	double		minimum;		/* numbers and integers, each one of several */
	double		maximum;
	const char *const *choices; /* CHOICE: NULL-terminated, index = value */
	const char *default_text;	/* as shown to users */
	const char *help;
} CvmOptionSpec;

extern const CvmOptionSpec cvm_option_specs[];
extern const int cvm_option_count;

/* Defaults: those of train (l2 = 1) or of the aggregates (no penalty, no validation). */
extern void cvm_options_for_train(CvmOptions *options);
extern void cvm_options_for_aggregate(CvmOptions *options);

extern const CvmOptionSpec *cvm_option_find(const char *name);

/*
 * The known option nearest to a name that is misspelled, or that other
 * libraries have for it; NULL when none is near.
 */
extern const char *cvm_option_nearest(const char *name);

/*
 * The options that are for an algorithm and not for all, "segments, starts, ...":
 * those whose help begins with its name.  Empty: none is.
 */
extern void cvm_option_list_for(const char *algorithm, char *text, size_t size);

/*
 * Setters check kind and range; the message names option and value.  A single
 * number or text will do where several are possible.
 */
extern CvmStatus cvm_option_set_number(CvmOptions *options, const CvmOptionSpec *spec,
									   double value, CvmError *error);
extern CvmStatus cvm_option_set_numbers(CvmOptions *options, const CvmOptionSpec *spec,
										const double *values, int count, CvmError *error);
extern CvmStatus cvm_option_set_names(CvmOptions *options, const CvmOptionSpec *spec,
									  const char *const *names, int count, CvmError *error);
extern CvmStatus cvm_option_set_boolean(CvmOptions *options, const CvmOptionSpec *spec,
										bool value, CvmError *error);
extern CvmStatus cvm_option_set_text(CvmOptions *options, const CvmOptionSpec *spec,
									 const char *value, CvmError *error);

extern CvmStatus cvm_option_set_stages(CvmOptions *options, const CvmOptionSpec *spec,
									   const CvmStages *stages, CvmError *error);

/*
 * Whether an option can be one of a stage: those about rows, columns and what
 * becomes of the model belong to the whole.
 */
extern bool cvm_option_is_of_stages(const CvmOptionSpec *spec);

extern const char *cvm_solver_name(CvmSolver solver);
extern const char *cvm_driver_name(CvmDriver driver);

#endif							/* CVM_OPTIONS_H */
