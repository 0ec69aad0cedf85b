/*
 * learner.h
 *		The seam between an algorithm and everything else.
 *
 * A learner is one entry of the table in learner.c.  Training, scoring,
 * evaluation, versions, retraining, JSON, binary form, grants and views treat
 * every algorithm alike: they find its entry and call it.  What an algorithm
 * has learned is its payload, a struct of its own behind model->payload.
 *
 * To add an algorithm: write its engine (a folder below src/learn, which sees
 * blocks and knows neither models nor PostgreSQL), a file src/model/learners/learner_X.c
 * with its entry, and a line in the table.  Its options go into the table of
 * learn/options.c, its payload into format.txt, and a model of it into
 * test/unit/model_fixture.h, with which it is fuzzed.
 */
#ifndef CVM_LEARNER_H
#define CVM_LEARNER_H

#include "learn/factorization/recommender.h"
#include "learn/measure/metrics.h"
#include "learn/options.h"
#include "model/fields.h"
#include "model/model.h"

/* What a learner is given to learn from. */
typedef struct CvmLesson
{
	CvmFamily	family;			/* what learner->family said */
	CvmTask		task;
	int			class_count;	/* as in CvmModel */
	const CvmEncoder *encoder;
	CvmBlockSource *training;
	CvmBlockSource *validation; /* NULL: no rows are held out */
	const CvmOptions *options;
	const CvmModel *start;		/* to start from: same algorithm, same classes, maybe
								 * another encoder; or NULL.  Of a partial fit what
								 * it goes on from, with the same encoder */
	bool		toward_start;	/* the penalty l2 pulls to the start: all parameters, and
								 * no other penalty counts (see segment_fit.h) */
	const CvmLearner *final;	/* pipeline: the learner of the last stage */
	const CvmProgress *progress;	/* or NULL */
	size_t		memory;			/* bytes that a learner may take which keeps rows in
								 * a form of its own; 0: no limit */
} CvmLesson;

/*
 * The columns that a learner knows by their roles: two identifiers, each with
 * columns that describe what it stands for.  An identifier that is not named is
 * the next feature that has no other role.
 */
#define CVM_IDENTIFIERS 2

typedef struct CvmColumnRoles
{
	const char *words[CVM_IDENTIFIERS]; /* what they are called, in options too */
	const char *identifiers[CVM_IDENTIFIERS];	/* columns; NULL: not named */
	char	  **attributes[CVM_IDENTIFIERS];	/* columns, ends with NULL; or NULL */
} CvmColumnRoles;

#define CVM_TASK_BIT(task) (1u << (task))

struct CvmLearner
{
	const char *name;			/* of the algorithm, in SQL */
	int			number;			/* part of the model format */
	unsigned	tasks;			/* CVM_TASK_BIT of what it can learn */

	/*
	 * How it wants to see rows: false, numbers standardized, missing ones
	 * filled and flagged; true, numbers as they are, NaN where missing.
	 */
	bool		keeps_missing;

	/*
	 * Which columns it wants, in which roles; NULL: all features alike.  The
	 * encoder then has the identifiers first, then the attributes of each as
	 * far as they were kept.
	 */
	void		(*roles) (const CvmOptions *options, CvmColumnRoles *roles);

	/* The tasks that options leave; NULL: all of its own. */
	unsigned	(*narrow) (const CvmLearner *learner, const CvmOptions *options);

	/*
	 * The loss that it minimizes for a task, which decides the metrics: one
	 * of linear (squares), logistic, softmax or poisson where it is not a
	 * linear family itself.
	 */
	CvmFamily	(*family) (const CvmLearner *learner, CvmTask task, const CvmOptions *options);

	/*
	 * Learns.  model has learner, family, task, classes, outputs, encoder and
	 * numbers of rows; payload and how the fit ended (solver, outcome,
	 * iterations, rank, losses, gradient norm) are to be filled in.  Blocks
	 * are read in order, any number of times.
	 */
	CvmStatus	(*fit) (const CvmLesson *lesson, CvmModel *model, CvmError *error);

	/*
	 * Learns from new rows on top of lesson->start, whose knowledge of earlier
	 * rows counts options->decay of what it did; NULL: cannot.  The model's
	 * total_weight and knowledge->effective_rows, old rows decayed, are there;
	 * else as fit.  What decay means in each algorithm its file says.
	 */
	CvmStatus	(*partial_fit) (const CvmLesson *lesson, CvmModel *model, CvmError *error);

	/*
	 * Fields and validator of knowledge->learned, as those of the payload below;
	 * NULL where the payload is enough.  With option incremental, fit fills it
	 * in; model->knowledge is there, and set to NULL where rows are too wide to
	 * keep it.
	 */
	void		(*describe_knowledge) (CvmModel *model, CvmFields *fields);
	CvmStatus	(*check_knowledge) (const CvmModel *model, CvmError *error);

	/*
	 * Names the fields of the payload (fields.h); when reading, allocates it
	 * first and sets model->family.  Then the validator: after it every number
	 * in the payload may be used as an index without looking.  CVM_BAD_FORMAT
	 * or CVM_LIMIT.
	 */
	void		(*describe) (CvmModel *model, CvmFields *fields);
	CvmStatus	(*check) (const CvmModel *model, CvmError *error);

	/*
	 * Predicts blocks that were encoded by the model's own encoder: prepare
	 * once, then any number of blocks.  predictions: rows x model->outputs,
	 * row-major, on the scale of the target: the number, the probability of
	 * the positive class, or one probability a class.  Targets and weights of
	 * the block are not looked at.
	 */
	void	   *(*prepare) (const CvmModel *model);
	void		(*predict) (void *prepared, const CvmBlock *block, double *predictions);

	/*
	 * Rows as fewer numbers, of learners that can (NULL: it cannot): how many,
	 * and values, rows x so many, of blocks as for predict.
	 */
	int			(*transform_size) (const CvmModel *model);
	void		(*transform) (void *prepared, const CvmBlock *block, double *values);

	/*
	 * Of learners of the task recommendation, or that could do it (NULL: it
	 * cannot): users, items and how they suit each other.
	 */
	const CvmRecommender *(*recommender) (const void *prepared);

	/*
	 * What each term contributes to the score of the first row of a block
	 * (Shapley values), of learners for which that is exact (NULL: it is not):
	 * base by output, contributions by term and output.  Their sum is the
	 * score: the linear predictor, or of trees that are not boosted the
	 * prediction.  What it allocates it releases: prepared may outlive it.
	 */
	void		(*explain) (void *prepared, const CvmBlock *row, double *base,
							double *contributions);

	/* The models that are part of its payload, of learners that have such. */
	const CvmModelList *(*nested) (const CvmModel *model);

	/*
	 * The quantile that a regression predicts, 0 where it is the mean (NULL:
	 * always the mean).
	 */
	double		(*quantile) (const CvmModel *model);

	/*
	 * How much each term has gained in training, of learners that know (NULL:
	 * it does not): gains and, where that means anything, numbers of splits.
	 */
	void		(*importance) (const CvmModel *model, double *gains, int64_t *splits);

	/*
	 * Of learners whose models can have segments (NULL: they cannot), four
	 * functions; and fit has to heed toward_start.
	 *
	 * finish: frees what prepare has made.
	 *
	 * at_level: the payload, allocated, of a model over "rest", the encoder
	 * without that category term, which predicts as this model does where the
	 * term has that level.  term -1: a copy, over the same encoder.
	 *
	 * move: adds factor times the difference of two such models' parameters to
	 * those of the model, in place; those of the term's levels stay.
	 *
	 * release: frees a payload that at_level or fit has made.
	 */
	void		(*finish) (void *prepared);
	void	   *(*at_level) (const CvmModel *model, int term, int level,
							 const CvmEncoder *rest);
	void		(*move) (CvmModel *model, int term, const CvmModel *from, const CvmModel *to,
						 double factor);
	void		(*release) (void *payload);
};

/*
 * Names the fields of model->knowledge, those of the learner last; when
 * reading, allocates it first.
 */
extern void cvm_model_describe_knowledge(CvmModel *model, CvmFields *fields);
extern CvmStatus cvm_model_check_knowledge(const CvmModel *model, CvmError *error);

/* Every algorithm, by number; gaps are NULL. */
extern const CvmLearner *const cvm_learners[];
extern const int cvm_learner_count;

/* NULL when there is none. */
extern const CvmLearner *cvm_learner_by_name(const char *name);
extern const CvmLearner *cvm_learner_by_number(int number);

/* Those of the linear families, by CvmFamily. */
extern const CvmLearner *cvm_learner_of_family(CvmFamily family);

/* The algorithm that may be meant by a name, misspelled or of other libraries; or
 * NULL. */
extern const char *cvm_learner_nearest(const char *name);

/* "linear, logistic, ...", for messages; with_segments: those that can have some. */
extern void cvm_learner_list(char *text, size_t size);
extern void cvm_learner_list_with_segments(char *text, size_t size);

/* The learner of "auto" for a task. */
extern const CvmLearner *cvm_learner_for_task(CvmTask task);

/*
 * Numbers in a prediction of a task: classes for multiclass, 2 for a
 * segmentation (the number of the segment, from 1, and the distance from its
 * center), else 1 (of a projection the distance of the row from what its
 * components stand for).
 */
extern int	cvm_prediction_size(CvmTask task, int class_count);

/* How deep models are nested in a model, 0 for none; at most "most". */
extern int	cvm_model_nesting(const CvmModel *model, int most);

/* Whether a learner (NULL: auto) with these options learns from a target. */
typedef enum CvmTargetNeed
{
	CVM_TARGET_NEEDED,
	CVM_TARGET_OPTIONAL,
	CVM_TARGET_NONE
} CvmTargetNeed;

extern CvmTargetNeed cvm_learner_target(const CvmLearner *learner, const CvmOptions *options);

/* The tasks that options leave to a learner. */
extern unsigned cvm_learner_tasks(const CvmLearner *learner, const CvmOptions *options);

/* Whether measuring a model reads its target. */
extern bool cvm_model_reads_target(const CvmModel *model);

/*
 * What is measured where models are judged by distance: as if each row's target
 * were 0 and its prediction the distance.  cvm_measured_predictions keeps just the
 * distances, at the beginning.  The model has to outlive what it is measured by.
 */
extern CvmMeasure cvm_model_measure(const CvmModel *model);

extern void cvm_measured_predictions(const CvmModel *model, int rows, double *predictions);

#endif							/* CVM_LEARNER_H */
