/*
 * test_codec.c
 *		Bytes written are bytes read, and nothing is read past the end.
 */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/memory.h"

/* RFC 3720, appendix B.4, and the check value of the CRC catalogs. */
static void
test_checksum(void)
{
	uint8_t		bytes[32];

	CHECK(cvm_crc32c("123456789", 9) == 0xe3069283u);
	memset(bytes, 0, 32);
	CHECK(cvm_crc32c(bytes, 32) == 0x8a9136aau);
	memset(bytes, 0xff, 32);
	CHECK(cvm_crc32c(bytes, 32) == 0x62a8ab43u);
	for (int i = 0; i < 32; i++)
		bytes[i] = i;
	CHECK(cvm_crc32c(bytes, 32) == 0x46dd794eu);
	for (int split = 0; split <= 32; split++)
		CHECK(cvm_crc32c_extend(cvm_crc32c(bytes, split), bytes + split, 32 - split) ==
			  0x46dd794eu);
}

static const double numbers[] = {1.5, -2.25, 1e-308, 1e308};

static void
write_all(CvmWriter *writer)
{
	cvm_writer_init(writer, 1);
	cvm_write_u8(writer, 0xab);
	cvm_write_u16(writer, 0xabcd);
	cvm_write_u32(writer, 0xabcdef01u);
	cvm_write_u64(writer, UINT64_C(0xabcdef0123456789));
	cvm_write_double(writer, -0.1);
	cvm_write_string(writer, "customer");
	cvm_write_string(writer, "");
	cvm_write_doubles(writer, numbers, 4);
}

static bool
read_all(CvmReader *reader)
{
	bool		right = true;
	const char *text;
	const double *values;

	right &= cvm_read_u8(reader) == 0xab;
	right &= cvm_read_u16(reader) == 0xabcd;
	right &= cvm_read_u32(reader) == 0xabcdef01u;
	right &= cvm_read_u64(reader) == UINT64_C(0xabcdef0123456789);
	right &= cvm_read_double(reader) == -0.1;
	text = cvm_read_string(reader);
	right &= text != NULL && strcmp(text, "customer") == 0;
	text = cvm_read_string(reader);
	right &= text != NULL && strcmp(text, "") == 0;
	values = cvm_read_doubles(reader, 4);
	right &= values != NULL && memcmp(values, numbers, sizeof(numbers)) == 0;
	return right && !reader->failed;
}

static void
test_round_trip(void)
{
	CvmWriter	writer;
	CvmReader	reader;

	write_all(&writer);
	cvm_reader_init(&reader, writer.bytes, writer.length);
	CHECK(read_all(&reader));
	CHECK(cvm_reader_left(&reader) == 0);
	for (size_t length = 0; length < writer.length; length++)
	{
		/* a copy of exactly that size, so that a sanitizer sees every slip */
		uint8_t    *copy = malloc(length ? length : 1);

		memcpy(copy, writer.bytes, length);
		cvm_reader_init(&reader, copy, length);
		CHECK(!read_all(&reader));
		CHECK(reader.failed);
		free(copy);
	}
	cvm_release(writer.bytes);
}

static void
test_integers(void)
{
	const int32_t integers[] = {0, -1, INT32_MAX, INT32_MIN};
	CvmWriter	writer;
	CvmReader	reader;
	const int32_t *values;

	cvm_writer_init(&writer, 0);
	cvm_write_u8(&writer, 1);
	cvm_write_integers(&writer, integers, 4);
	CHECK(writer.length == 20);
	cvm_reader_init(&reader, writer.bytes, writer.length);
	(void) cvm_read_u8(&reader);
	values = cvm_read_integers(&reader, 4);
	CHECK(values != NULL && memcmp(values, integers, sizeof(integers)) == 0);
	CHECK(cvm_read_integers(&reader, 1) == NULL && reader.failed);
	cvm_reader_init(&reader, writer.bytes, writer.length);
	CHECK(cvm_read_integers(&reader, SIZE_MAX / 4 + 2) == NULL && reader.failed);
	cvm_release(writer.bytes);
}

static void
test_canonical_numbers(void)
{
	double		odd[] = {-0.0, NAN, -NAN, 0};
	CvmWriter	writer;
	CvmReader	reader;

	cvm_writer_init(&writer, 0);
	cvm_write_doubles(&writer, odd, 4);
	cvm_reader_init(&reader, writer.bytes, writer.length);
	CHECK(cvm_read_u64(&reader) == 0);
	CHECK(cvm_read_u64(&reader) == UINT64_C(0x7ff8000000000000));
	CHECK(cvm_read_u64(&reader) == UINT64_C(0x7ff8000000000000));
	CHECK(cvm_read_u64(&reader) == 0);
	cvm_release(writer.bytes);
}

static void
test_hostile_bytes(void)
{
	const uint8_t nul_inside[] = {3, 0, 0, 0, 'a', 0, 'b', 0};
	const uint8_t no_end[] = {1, 0, 0, 0, 'a', 'b'};
	const uint8_t long_text[] = {0xff, 0xff, 0xff, 0xff, 'a', 0};
	_Alignas(8) const uint8_t dirty_pad[16] = {1, 1};
	CvmReader	reader;

	cvm_reader_init(&reader, nul_inside, sizeof(nul_inside));
	CHECK(cvm_read_string(&reader) == NULL && reader.failed);
	cvm_reader_init(&reader, no_end, sizeof(no_end));
	CHECK(cvm_read_string(&reader) == NULL && reader.failed);
	cvm_reader_init(&reader, long_text, sizeof(long_text));
	CHECK(cvm_read_string(&reader) == NULL && reader.failed);
	CHECK(cvm_read_u32(&reader) == 0);
	cvm_reader_init(&reader, dirty_pad, sizeof(dirty_pad));
	(void) cvm_read_u8(&reader);
	CHECK(cvm_read_doubles(&reader, 1) == NULL && reader.failed);
	cvm_reader_init(&reader, dirty_pad, sizeof(dirty_pad));
	CHECK(cvm_read_doubles(&reader, SIZE_MAX / 8 + 2) == NULL && reader.failed);
	cvm_reader_init(&reader, dirty_pad, sizeof(dirty_pad));
	CHECK(!cvm_reader_expects(&reader, SIZE_MAX, 16) && reader.failed);
}

int
main(void)
{
	test_checksum();
	test_round_trip();
	test_integers();
	test_canonical_numbers();
	test_hostile_bytes();
	return check_done();
}
