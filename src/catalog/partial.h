/*
 * partial.h
 *		Partial fits: what they go on from, and why there may be none.
 */
#ifndef CVM_PARTIAL_H
#define CVM_PARTIAL_H

#include "postgres.h"

#include "catalog/registry.h"
#include "frame/frame.h"
#include "model/model.h"

/* A version that a partial fit goes on from. */
typedef struct CvmPartialBase
{
	int			version;
	const CvmModel *model;
	char	   *watermark;		/* a column of the model's source, or NULL */
	char	   *past;			/* how far it had grown, or NULL */
} CvmPartialBase;

/*
 * The active version as a base, or why none can be: the reason, in the
 * user's words, and the base is of no use.  source: that the new rows are read
 * from, whose columns have to fit; past_watermark: they are those of the
 * model's own source past the version's watermark.  With the rights of the
 * current user.
 */
extern char *cvm_partial_base(const CvmDefinition *definition, const CvmOptions *options,
							  const char *source, bool past_watermark, CvmPartialBase *base);

/* A feature of a model that a source has not got (any more), as a reason; or NULL. */
extern char *cvm_missing_feature(const CvmModel *model, const char *source);

/*
 * Before the fit: what a model that goes on from a base has learned from in
 * all, decayed and not.
 */
extern void cvm_partial_add_rows(const CvmPartialBase *base, const CvmFrame *frame, double decay,
								 CvmModel *model);

#endif							/* CVM_PARTIAL_H */
