/*
 * codec.h
 *		Writing and reading little-endian bytes within bounds.
 *
 * A reader never reads past its end: the first read that would do so sets
 * "failed", and every later read returns zero or NULL.  Callers read a whole
 * structure and test "failed" once before they use what they read.
 * Arrays of doubles are aligned to 8 bytes from the start of the buffer, arrays
 * of integers to 4, and returned in place; strings are stored as length, bytes
 * and a NUL, and are returned in place too.  Padding is zero, and read as such.
 *
 * Equal numbers have equal bytes: a NaN is written as the one quiet NaN, and
 * a negative zero as zero.
 */
#ifndef CVM_CODEC_H
#define CVM_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct CvmWriter
{
	uint8_t    *bytes;			/* allocated with cvm_alloc, grows */
	size_t		length;
	size_t		capacity;
} CvmWriter;

extern void cvm_writer_init(CvmWriter *writer, size_t capacity);
extern void cvm_write_u8(CvmWriter *writer, uint8_t value);
extern void cvm_write_u16(CvmWriter *writer, uint16_t value);
extern void cvm_write_u32(CvmWriter *writer, uint32_t value);
extern void cvm_write_u64(CvmWriter *writer, uint64_t value);
extern void cvm_write_double(CvmWriter *writer, double value);
extern void cvm_write_bytes(CvmWriter *writer, const void *bytes, size_t count);
extern void cvm_write_string(CvmWriter *writer, const char *text);
extern void cvm_write_doubles(CvmWriter *writer, const double *values, size_t count);	/* count not written */
extern void cvm_write_integers(CvmWriter *writer, const int32_t *values, size_t count);	/* likewise */
extern void cvm_write_pad(CvmWriter *writer, size_t alignment);
extern void cvm_patch_u32(CvmWriter *writer, size_t offset, uint32_t value);

typedef struct CvmReader
{
	const uint8_t *bytes;
	size_t		length;
	size_t		position;
	bool		failed;
} CvmReader;

extern void cvm_reader_init(CvmReader *reader, const void *bytes, size_t length);
extern uint8_t cvm_read_u8(CvmReader *reader);
extern uint16_t cvm_read_u16(CvmReader *reader);
extern uint32_t cvm_read_u32(CvmReader *reader);
extern uint64_t cvm_read_u64(CvmReader *reader);
extern double cvm_read_double(CvmReader *reader);
extern const char *cvm_read_string(CvmReader *reader);	/* no NUL inside */
extern const double *cvm_read_doubles(CvmReader *reader, size_t count);	/* skips padding */
extern const int32_t *cvm_read_integers(CvmReader *reader, size_t count);	/* likewise */
extern void cvm_read_pad(CvmReader *reader, size_t alignment);
extern size_t cvm_reader_left(const CvmReader *reader);

/*
 * Whether "count" items of at least "size" bytes each can still follow; sets
 * "failed" if not.  To be asked before memory for them is allocated.
 */
extern bool cvm_reader_expects(CvmReader *reader, size_t count, size_t size);

/* CRC-32C (Castagnoli), as in RFC 3720; _extend goes on from an earlier one. */
extern uint32_t cvm_crc32c(const void *bytes, size_t length);
extern uint32_t cvm_crc32c_extend(uint32_t crc, const void *bytes, size_t length);

#endif							/* CVM_CODEC_H */
