/*
 * tree_stream.c
 *		Rows of trees in a file, read a part at a time.
 */
#include "learn/tree/tree_stream.h"

#include <string.h>

#include "base/memory.h"
#include "base/scratch.h"

/* For the bins that are looked at together. */
#define PIECE_BYTES ((size_t) 1024 * 1024)
#define FEWEST_ROWS 64

typedef struct Part
{
	size_t		size;			/* bytes a row, or a row and output */
	int			planes;			/* outputs; 0: the part is not there */
	size_t		room;			/* rows in the buffer */
	uint64_t	begin;			/* in the file */
	char	   *buffer;			/* NULL until it is used */
} Part;

struct CvmTreeStream
{
	size_t		rows;
	CvmScratch *file;
	Part		parts[CVM_PART_COUNT];
};

static void
describe_parts(int columns, int outputs, int outside, Part *parts)
{
	size_t		piece = CVM_STREAM_ROWS;

	while (piece > FEWEST_ROWS && piece * columns > PIECE_BYTES)
		piece /= 2;
	parts[CVM_PART_BINS] = (Part) {columns, 1, piece};
	parts[CVM_PART_TARGET] = (Part) {sizeof(double), 1, CVM_STREAM_ROWS};
	parts[CVM_PART_WEIGHT] = (Part) {sizeof(double), 1, CVM_STREAM_ROWS};
	parts[CVM_PART_STATISTIC] = (Part) {sizeof(int64_t), 1, CVM_STREAM_ROWS};
	parts[CVM_PART_KEY] = (Part) {sizeof(int32_t), 1, CVM_STREAM_ROWS};
	parts[CVM_PART_SCORE] = (Part) {sizeof(double), outputs, CVM_STREAM_ROWS};
	parts[CVM_PART_G] = (Part) {sizeof(float), outputs, CVM_STREAM_ROWS};
	parts[CVM_PART_H] = (Part) {sizeof(float), outputs, CVM_STREAM_ROWS};
	parts[CVM_PART_OUTSIDE] = (Part) {outside * sizeof(double), outside > 0, CVM_STREAM_ROWS};
	parts[CVM_PART_TREES] = (Part) {sizeof(int32_t), outside > 0, CVM_STREAM_ROWS};
}

CvmTreeStream *
cvm_tree_stream_open(size_t rows, int columns, int outputs, int outside)
{
	CvmTreeStream *stream = CVM_NEW_ZERO(CvmTreeStream, 1);
	uint64_t	begin = 0;

	stream->rows = rows;
	stream->file = cvm_scratch_open();
	describe_parts(columns, outputs, outside, stream->parts);
	for (int i = 0; i < CVM_PART_COUNT; i++)
	{
		stream->parts[i].begin = begin;
		begin += (uint64_t) rows * stream->parts[i].size * stream->parts[i].planes;
	}
	return stream;
}

void
cvm_tree_stream_close(CvmTreeStream *stream)
{
	if (stream == NULL)
		return;
	cvm_scratch_close(stream->file);
	for (int i = 0; i < CVM_PART_COUNT; i++)
		cvm_release(stream->parts[i].buffer);
	cvm_release(stream);
}

static size_t
buffer_size(const Part *part)
{
	return part->room * part->planes * part->size;
}

size_t
cvm_tree_stream_memory(int columns, int outputs, int outside)
{
	Part		parts[CVM_PART_COUNT];
	size_t		size = 0;

	describe_parts(columns, outputs, outside, parts);
	for (int i = 0; i < CVM_PART_COUNT; i++)
		size += buffer_size(&parts[i]);
	return size;
}

size_t
cvm_tree_stream_rows(const CvmTreeStream *stream)
{
	return stream->rows;
}

size_t
cvm_tree_stream_piece(const CvmTreeStream *stream)
{
	return stream->parts[CVM_PART_BINS].room;
}

void *
cvm_tree_stream_buffer(CvmTreeStream *stream, CvmTreePart part)
{
	Part	   *own = &stream->parts[part];

	if (own->buffer == NULL)
		own->buffer = cvm_alloc_zero(buffer_size(own), 1);
	return own->buffer;
}

static uint64_t
place_of(const CvmTreeStream *stream, const Part *part, int plane, size_t first)
{
	return part->begin + ((uint64_t) plane * stream->rows + first) * part->size;
}

void *
cvm_tree_stream_load(CvmTreeStream *stream, CvmTreePart part, size_t first, size_t count)
{
	char	   *buffer = cvm_tree_stream_buffer(stream, part);
	const Part *own = &stream->parts[part];

	cvm_check_interrupt();
	for (int plane = 0; plane < own->planes; plane++)
		cvm_scratch_read(stream->file, buffer + plane * own->room * own->size,
						 count * own->size, place_of(stream, own, plane, first));
	return buffer;
}

void
cvm_tree_stream_store(CvmTreeStream *stream, CvmTreePart part, size_t first, size_t count)
{
	const Part *own = &stream->parts[part];

	for (int plane = 0; plane < own->planes; plane++)
		cvm_scratch_write(stream->file, own->buffer + plane * own->room * own->size,
						  count * own->size, place_of(stream, own, plane, first));
}

void
cvm_tree_stream_fill(CvmTreeStream *stream, const CvmBins *bins, CvmBlockSource *source)
{
	uint8_t    *by_row = CVM_NEW(uint8_t, (size_t) CVM_BLOCK_ROWS * bins->columns);
	const Part *parts = stream->parts;
	size_t		next = 0;

	for (int b = 0; b < source->blocks; b++)
	{
		const CvmBlock *block = source->read(source->state, b);

		cvm_check_interrupt();
		cvm_bin_block(bins, block, by_row, NULL, 0);
		cvm_scratch_write(stream->file, by_row, (size_t) block->rows * bins->columns,
						  place_of(stream, &parts[CVM_PART_BINS], 0, next));
		cvm_scratch_write(stream->file, block->target, block->rows * sizeof(double),
						  place_of(stream, &parts[CVM_PART_TARGET], 0, next));
		cvm_scratch_write(stream->file, block->weight, block->rows * sizeof(double),
						  place_of(stream, &parts[CVM_PART_WEIGHT], 0, next));
		next += block->rows;
	}
	cvm_release(by_row);
}
