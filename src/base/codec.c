/*
 * codec.c
 *		Writing and reading little-endian bytes within bounds.
 *
 * The reader is what stands between hostile bytes and the rest of the core.
 * Its one invariant is position <= length: every read goes through take(),
 * which checks what is left by subtraction, so that no sum can overflow.
 */
#include "base/codec.h"

#include <string.h>

#include "base/memory.h"

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define BIG_ENDIAN_HOST 1
#else
#define BIG_ENDIAN_HOST 0
#endif

#define CANONICAL_NAN UINT64_C(0x7ff8000000000000)

/* ---- writing ---- */

void
cvm_writer_init(CvmWriter *writer, size_t capacity)
{
	writer->capacity = capacity < 64 ? 64 : capacity;
	writer->bytes = CVM_NEW(uint8_t, writer->capacity);
	writer->length = 0;
}

/* Room for count more bytes; returns where they go. */
static uint8_t *
append(CvmWriter *writer, size_t count)
{
	uint8_t    *place;

	if (count > writer->capacity - writer->length)
	{
		size_t		capacity = writer->capacity * 2;

		if (capacity - writer->length < count)
			capacity = writer->length + count;
		writer->bytes = (uint8_t *) cvm_resize(writer->bytes, capacity, 1);
		writer->capacity = capacity;
	}
	place = writer->bytes + writer->length;
	writer->length += count;
	return place;
}

static void
put(uint8_t *place, uint64_t value, int width)
{
	for (int i = 0; i < width; i++)
		place[i] = (uint8_t) (value >> (8 * i));
}

void
cvm_write_u8(CvmWriter *writer, uint8_t value)
{
	put(append(writer, 1), value, 1);
}

void
cvm_write_u16(CvmWriter *writer, uint16_t value)
{
	put(append(writer, 2), value, 2);
}

void
cvm_write_u32(CvmWriter *writer, uint32_t value)
{
	put(append(writer, 4), value, 4);
}

void
cvm_write_u64(CvmWriter *writer, uint64_t value)
{
	put(append(writer, 8), value, 8);
}

static uint64_t
canonical_bits(double value)
{
	uint64_t	bits;

	if (value != value)
		return CANONICAL_NAN;
	if (value == 0)
		return 0;
	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

void
cvm_write_double(CvmWriter *writer, double value)
{
	put(append(writer, 8), canonical_bits(value), 8);
}

void
cvm_write_bytes(CvmWriter *writer, const void *bytes, size_t count)
{
	if (count > 0)
		memcpy(append(writer, count), bytes, count);
}

void
cvm_write_string(CvmWriter *writer, const char *text)
{
	size_t		length = strlen(text);

	cvm_write_u32(writer, (uint32_t) length);
	cvm_write_bytes(writer, text, length + 1);
}

void
cvm_write_pad(CvmWriter *writer, size_t alignment)
{
	while (writer->length % alignment != 0)
		*append(writer, 1) = 0;
}

void
cvm_write_doubles(CvmWriter *writer, const double *values, size_t count)
{
	uint8_t    *place;

	cvm_write_pad(writer, 8);
	place = append(writer, count * 8);
	for (size_t i = 0; i < count; i++)
		put(place + 8 * i, canonical_bits(values[i]), 8);
}

void
cvm_write_integers(CvmWriter *writer, const int32_t *values, size_t count)
{
	uint8_t    *place;

	cvm_write_pad(writer, 4);
	place = append(writer, count * 4);
	for (size_t i = 0; i < count; i++)
		put(place + 4 * i, (uint32_t) values[i], 4);
}

void
cvm_patch_u32(CvmWriter *writer, size_t offset, uint32_t value)
{
	put(writer->bytes + offset, value, 4);
}

/* ---- reading ---- */

void
cvm_reader_init(CvmReader *reader, const void *bytes, size_t length)
{
	reader->bytes = (const uint8_t *) bytes;
	reader->length = length;
	reader->position = 0;
	reader->failed = false;
}

size_t
cvm_reader_left(const CvmReader *reader)
{
	return reader->failed ? 0 : reader->length - reader->position;
}

bool
cvm_reader_expects(CvmReader *reader, size_t count, size_t size)
{
	if (count > cvm_reader_left(reader) / size)
		reader->failed = true;
	return !reader->failed;
}

/* The next count bytes, or NULL (and failed) when there are fewer. */
static const uint8_t *
take(CvmReader *reader, size_t count)
{
	const uint8_t *place;

	if (reader->failed || count > reader->length - reader->position)
	{
		reader->failed = true;
		return NULL;
	}
	place = reader->bytes + reader->position;
	reader->position += count;
	return place;
}

static uint64_t
get(CvmReader *reader, int width)
{
	const uint8_t *place = take(reader, width);
	uint64_t	value = 0;

	if (place != NULL)
		for (int i = 0; i < width; i++)
			value |= (uint64_t) place[i] << (8 * i);
	return value;
}

uint8_t
cvm_read_u8(CvmReader *reader)
{
	return (uint8_t) get(reader, 1);
}

uint16_t
cvm_read_u16(CvmReader *reader)
{
	return (uint16_t) get(reader, 2);
}

uint32_t
cvm_read_u32(CvmReader *reader)
{
	return (uint32_t) get(reader, 4);
}

uint64_t
cvm_read_u64(CvmReader *reader)
{
	return get(reader, 8);
}

double
cvm_read_double(CvmReader *reader)
{
	uint64_t	bits = get(reader, 8);
	double		value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

const char *
cvm_read_string(CvmReader *reader)
{
	size_t		length = cvm_read_u32(reader);
	const uint8_t *place = take(reader, length);
	const uint8_t *end = take(reader, 1);

	if (end == NULL || *end != 0 || memchr(place, 0, length) != NULL)
	{
		reader->failed = true;
		return NULL;
	}
	return (const char *) place;
}

void
cvm_read_pad(CvmReader *reader, size_t alignment)
{
	while (!reader->failed && reader->position % alignment != 0)
		if (cvm_read_u8(reader) != 0)
			reader->failed = true;
}

const double *
cvm_read_doubles(CvmReader *reader, size_t count)
{
	const uint8_t *place;

	cvm_read_pad(reader, 8);
	if (!cvm_reader_expects(reader, count, 8))
		return NULL;
	place = take(reader, count * 8);
	if (BIG_ENDIAN_HOST)
	{
		double	   *swapped = CVM_NEW(double, count);

		reader->position -= count * 8;
		for (size_t i = 0; i < count; i++)
			swapped[i] = cvm_read_double(reader);
		return swapped;
	}
	return (const double *) place;
}

const int32_t *
cvm_read_integers(CvmReader *reader, size_t count)
{
	const uint8_t *place;

	cvm_read_pad(reader, 4);
	if (!cvm_reader_expects(reader, count, 4))
		return NULL;
	place = take(reader, count * 4);
	if (BIG_ENDIAN_HOST)
	{
		int32_t    *swapped = CVM_NEW(int32_t, count);

		reader->position -= count * 4;
		for (size_t i = 0; i < count; i++)
			swapped[i] = (int32_t) cvm_read_u32(reader);
		return swapped;
	}
	return (const int32_t *) place;
}

/* ---- checksum ---- */

#define CRC32C_POLYNOMIAL 0x82f63b78u	/* 0x1edc6f41, bits reversed */

/*
 * crc_tables[k][b]: what byte b does to the checksum when k more bytes
 * follow it, so that eight bytes are taken at a time ("slicing by eight",
 * Kounavis and Berry, 2005).
 */
static uint32_t crc_tables[8][256];

static void
fill_crc_tables(void)
{
	for (uint32_t byte = 0; byte < 256; byte++)
	{
		uint32_t	crc = byte;

		for (int bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ ((crc & 1) ? CRC32C_POLYNOMIAL : 0);
		crc_tables[0][byte] = crc;
	}
	for (int k = 1; k < 8; k++)
		for (int byte = 0; byte < 256; byte++)
		{
			uint32_t	before = crc_tables[k - 1][byte];

			crc_tables[k][byte] = (before >> 8) ^ crc_tables[0][before & 0xff];
		}
}

uint32_t
cvm_crc32c_extend(uint32_t crc, const void *bytes, size_t length)
{
	const uint8_t *place = (const uint8_t *) bytes;

	if (crc_tables[0][1] == 0)
		fill_crc_tables();

	crc = ~crc;
	for (; length >= 8; place += 8, length -= 8)
	{
		uint32_t	low = crc ^ ((uint32_t) place[0] | (uint32_t) place[1] << 8 |
								 (uint32_t) place[2] << 16 | (uint32_t) place[3] << 24);

		crc = crc_tables[7][low & 0xff] ^ crc_tables[6][(low >> 8) & 0xff] ^
			crc_tables[5][(low >> 16) & 0xff] ^ crc_tables[4][low >> 24] ^
			crc_tables[3][place[4]] ^ crc_tables[2][place[5]] ^
			crc_tables[1][place[6]] ^ crc_tables[0][place[7]];
	}
	for (; length > 0; place++, length--)
		crc = (crc >> 8) ^ crc_tables[0][(crc ^ *place) & 0xff];
	return ~crc;
}

uint32_t
cvm_crc32c(const void *bytes, size_t length)
{
	return cvm_crc32c_extend(0, bytes, length);
}
