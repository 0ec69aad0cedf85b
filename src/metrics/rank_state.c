/*
 * rank_state.c
 *		Labels and scores of any number of rows, to be read in the order of
 *		their scores.
 *
 * Rows take 16 bytes and are sorted in memory, in place, as long as they fit
 * into cvm.train_memory.  When that is full they are written to a temporary
 * file as a sorted run, and in the end all runs are merged.  So the result is
 * exact however many rows there are, and memory is bounded.
 */
#include "postgres.h"

#include <math.h>

#include "lib/binaryheap.h"
#include "miscadmin.h"
#include "storage/buffile.h"
#include "utils/memutils.h"

#include "learn/measure/ranking.h"
#include "metrics/rank_state.h"
#include "pg/compat.h"
#include "pg/settings.h"

#define RUN_BUFFER_ROWS 2048

/* A sorted part of the file, and how far it was read. */
typedef struct Run
{
	int			file_number;
	off_t		offset;
	Size		rows_left;		/* to be read from the file */
	CvmRankedRow *buffer;
	int			count;			/* in the buffer */
	int			position;
} Run;

struct CvmRankState
{
	MemoryContext context;
	CvmRanking	ranking;		/* rows in memory */
	double		positives;		/* weights */
	double		negatives;
	BufFile    *file;			/* NULL: all rows are in memory */
	Size	   *run_rows;		/* rows of each run, in the order of the file */
	int			run_count;

	/* while it is read */
	CvmRankingCursor cursor;
	Run		   *runs;
	binaryheap *heap;
};

/* ---- rows in ---- */

CvmRankState *
cvm_rank_create(void)
{
	CvmRankState *state = palloc0(sizeof(CvmRankState));

	state->context = CurrentMemoryContext;
	return state;
}

/* Writes the rows in memory to the file, as another run. */
static void
write_run(CvmRankState *state)
{
	if (state->file == NULL)
		state->file = BufFileCreateTemp(false);
	state->run_rows = state->run_rows == NULL ? palloc(sizeof(Size)) :
		repalloc(state->run_rows, sizeof(Size) * (state->run_count + 1));
	cvm_ranking_sort(&state->ranking);
	BufFileWrite(state->file, state->ranking.rows,
				 state->ranking.count * sizeof(CvmRankedRow));
	state->run_rows[state->run_count++] = state->ranking.count;
	state->ranking.count = 0;
	state->ranking.sorted = false;
}

void
cvm_rank_add(CvmRankState *state, bool positive, double score, double weight)
{
	MemoryContext caller;

	if (unlikely(isnan(score)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a score is NaN"),
				 errhint("Leave out such rows: FILTER (WHERE score <> 'NaN').")));
	if (unlikely(!(weight >= 0) || isinf(weight)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("weight %g is not a finite number of at least 0", weight)));
	if (weight == 0)
		return;

	caller = MemoryContextSwitchTo(state->context);
	if (state->ranking.count >= (Size) cvm_train_memory * 1024 / sizeof(CvmRankedRow))
		write_run(state);
	cvm_ranking_add(&state->ranking, positive, score, weight);
	MemoryContextSwitchTo(caller);
	if (positive)
		state->positives += weight;
	else
		state->negatives += weight;
}

void
cvm_rank_free(CvmRankState *state)
{
	if (state->file != NULL)
		BufFileClose(state->file);
	state->file = NULL;
}

/* ---- runs ---- */

static void
read_rows(BufFile *file, CvmRankedRow *rows, Size count)
{
	if (BufFileRead(file, rows, count * sizeof(CvmRankedRow)) != count * sizeof(CvmRankedRow))
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not read a temporary file of ranked rows")));
}

/* The next row of a run in the buffer; false: there is none. */
static bool
fill(BufFile *file, Run *run)
{
	if (run->position < run->count)
		return true;
	CHECK_FOR_INTERRUPTS();
	run->count = Min(run->rows_left, RUN_BUFFER_ROWS);
	run->position = 0;
	if (run->count == 0)
		return false;
	if (BufFileSeek(file, run->file_number, run->offset, SEEK_SET) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not seek in a temporary file of ranked rows")));
	read_rows(file, run->buffer, run->count);
	BufFileTell(file, &run->file_number, &run->offset);
	run->rows_left -= run->count;
	return true;
}

/* Finds where each run begins: they were written one after another. */
static Run *
open_runs(const CvmRankState *state)
{
	Run		   *runs = palloc0(sizeof(Run) * state->run_count);

	if (BufFileSeek(state->file, 0, 0, SEEK_SET) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not rewind a temporary file of ranked rows")));
	for (int i = 0; i < state->run_count; i++)
	{
		Run		   *run = &runs[i];
		Size		bytes = state->run_rows[i] * sizeof(CvmRankedRow);

		BufFileTell(state->file, &run->file_number, &run->offset);
		run->rows_left = state->run_rows[i];
		run->buffer = palloc(sizeof(CvmRankedRow) * RUN_BUFFER_ROWS);
		while (bytes > 0)
		{
			off_t		step = Min(bytes, (Size) 1 << 30);

			if (BufFileSeek(state->file, 0, step, SEEK_CUR) != 0)
				ereport(ERROR,
						(errcode_for_file_access(),
						 errmsg("could not seek in a temporary file of ranked rows")));
			bytes -= step;
		}
	}
	return runs;
}

static int
compare_runs(Datum left, Datum right, void *argument)
{
	const Run  *runs = argument;
	const Run  *a = &runs[DatumGetInt32(left)];
	const Run  *b = &runs[DatumGetInt32(right)];
	uint64		key = a->buffer[a->position].key;
	uint64		other = b->buffer[b->position].key;

	return key < other ? -1 : key > other;
}

static bool
next_merged_tie(void *argument, CvmTie *tie)
{
	CvmRankState *state = argument;
	uint64		key = 0;
	bool		found = false;

	tie->positive = tie->negative = 0;
	while (!binaryheap_empty(state->heap))
	{
		int			index = DatumGetInt32(binaryheap_first(state->heap));
		Run		   *run = &state->runs[index];
		const CvmRankedRow *row = &run->buffer[run->position];

		if (found && row->key != key)
			break;
		if (!found)
		{
			key = row->key;
			tie->score = cvm_ranked_row_score(row);
			found = true;
		}
		if (row->weight > 0)
			tie->positive += row->weight;
		else
			tie->negative -= row->weight;
		run->position++;
		if (fill(state->file, run))
			binaryheap_replace_first(state->heap, Int32GetDatum(index));
		else
			(void) binaryheap_remove_first(state->heap);
	}
	return found;
}

void
cvm_rank_ties(CvmRankState *state, CvmTies *ties)
{
	if (state->file == NULL)
	{
		cvm_ranking_ties(&state->ranking, &state->cursor, ties);
		return;
	}
	if (state->ranking.count > 0)
		write_run(state);
	state->runs = open_runs(state);
	state->heap = binaryheap_allocate(state->run_count, compare_runs, state->runs);
	for (int i = 0; i < state->run_count; i++)
		if (fill(state->file, &state->runs[i]))
			binaryheap_add_unordered(state->heap, Int32GetDatum(i));
	binaryheap_build(state->heap);
	ties->positives = state->positives;
	ties->negatives = state->negatives;
	ties->next = next_merged_tie;
	ties->state = state;
}

/* ---- merging ---- */

/* Visits every row, in no particular order. */
static void
for_each_part(const CvmRankState *state,
			  void (*visit) (void *argument, const CvmRankedRow *rows, Size count),
			  void *argument)
{
	CvmRankedRow *buffer;

	visit(argument, state->ranking.rows, state->ranking.count);
	if (state->file == NULL)
		return;
	buffer = palloc(sizeof(CvmRankedRow) * RUN_BUFFER_ROWS);
	if (BufFileSeek(state->file, 0, 0, SEEK_SET) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not rewind a temporary file of ranked rows")));
	for (int i = 0; i < state->run_count; i++)
		for (Size left = state->run_rows[i]; left > 0;)
		{
			Size		count = Min(left, RUN_BUFFER_ROWS);

			CHECK_FOR_INTERRUPTS();
			read_rows(state->file, buffer, count);
			visit(argument, buffer, count);
			left -= count;
		}
	pfree(buffer);
}

static void
add_part(void *argument, const CvmRankedRow *rows, Size count)
{
	for (Size i = 0; i < count; i++)
		cvm_rank_add(argument, rows[i].weight > 0, cvm_ranked_row_score(&rows[i]),
					 fabs(rows[i].weight));
}

void
cvm_rank_merge(CvmRankState *state, const CvmRankState *other)
{
	for_each_part(other, add_part, state);
}

static void
copy_part(void *argument, const CvmRankedRow *rows, Size count)
{
	char	  **place = argument;

	if (count > 0)
		memcpy(*place, rows, count * sizeof(CvmRankedRow));
	*place += count * sizeof(CvmRankedRow);
}

/* The bytes: the caller's head, positives, negatives, then rows. */
#define SUMS_SIZE (2 * sizeof(double))

bytea *
cvm_rank_serialize(const CvmRankState *state, const void *head, Size head_size)
{
	Size		before = head_size + SUMS_SIZE;
	Size		rows = state->ranking.count;
	bytea	   *bytes;
	char	   *place;

	for (int i = 0; i < state->run_count; i++)
		rows += state->run_rows[i];
	if (rows > (MaxAllocSize - VARHDRSZ - before) / sizeof(CvmRankedRow))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many rows in one part of a parallel ranking: %zu", rows),
				 errhint("SET max_parallel_workers_per_gather = 0 for this query.")));
	bytes = palloc(VARHDRSZ + before + rows * sizeof(CvmRankedRow));
	SET_VARSIZE(bytes, VARHDRSZ + before + rows * sizeof(CvmRankedRow));
	place = VARDATA(bytes);
	memcpy(place, head, head_size);
	memcpy(place + head_size, &state->positives, sizeof(double));
	memcpy(place + head_size + sizeof(double), &state->negatives, sizeof(double));
	place += before;
	for_each_part(state, copy_part, &place);
	return bytes;
}

CvmRankState *
cvm_rank_deserialize(bytea *bytes, void *head, Size head_size)
{
	CvmRankState *state = cvm_rank_create();
	Size		before = head_size + SUMS_SIZE;
	Size		length = VARSIZE_ANY_EXHDR(bytes);
	const char *place = VARDATA_ANY(bytes);

	if (length < before || (length - before) % sizeof(CvmRankedRow) != 0)
		elog(ERROR, "a partial ranking has %zu bytes", length);
	memcpy(head, place, head_size);
	memcpy(&state->positives, place + head_size, sizeof(double));
	memcpy(&state->negatives, place + head_size + sizeof(double), sizeof(double));
	length -= before;
	state->ranking.count = state->ranking.capacity = length / sizeof(CvmRankedRow);
	state->ranking.rows = MemoryContextAllocHuge(CurrentMemoryContext, Max(length, 1));
	memcpy(state->ranking.rows, place + before, length);
	return state;
}
