/*
 * frame_state.h
 *		What is behind a CvmFrame; for src/frame only.
 */
#ifndef CVM_FRAME_STATE_H
#define CVM_FRAME_STATE_H

#include "frame/block_store.h"
#include "frame/collect.h"
#include "frame/frame.h"
#include "pg/compat.h"

typedef struct CvmPasses CvmPasses;

typedef struct CvmFrameState
{
	CvmFrame	frame;			/* first: what others see */
	CvmCollector collector;
	const CvmModel *base;		/* of the request */
	bool		held_out_only;	/* likewise */
	char	   *query;
	CvmTargetResult target;
	CvmEncodePlan *plan;
	CvmStorage	storage;
	CvmBlockStore *training;	/* NULL with the driver "passes", and without
								 * training rows */
	CvmBlockStore *validation;	/* NULL when no row is held out */
	CvmBlock   *pass_block;		/* "passes": the raw block that is filled */
	CvmPasses  *passes;			/* NULL with the other drivers */
	Oid			user;			/* "passes": the role that the source runs as */
	uint64		source_rows;	/* "passes": what the first run gave */
	uint64		digest;
	uint64		training_rows;
	double		training_weight;	/* without class_weight */
} CvmFrameState;

/* Runs the scan: fills the stores, the profile, the target's values and the counts. */
extern void cvm_frame_gather(CvmFrameState *state);

/* cvm_block_store_next; an error where the driver "memory" runs out of room. */
extern CvmBlock *cvm_frame_next_block(const CvmFrameState *state, CvmBlockStore *store);

/* Brings targets of a raw block to those of the learner, and applies class_weight. */
extern void cvm_frame_finish_targets(const CvmFrameState *state, CvmBlock *block, bool training);

/* A digest of raw blocks in their order; the first one follows on 0. */
extern uint64 cvm_passes_digest(const CvmFrameState *state, const CvmBlock *block, uint64 digest);

/* The training rows of the driver "passes", as a source that runs the query. */
extern void cvm_passes_open(CvmFrameState *state, CvmBlockSource *source);
extern void cvm_passes_close(CvmPasses *passes);

/* The error for a source whose rows vary from run to run. */
pg_noreturn extern void cvm_passes_differ(void);

#endif							/* CVM_FRAME_STATE_H */
