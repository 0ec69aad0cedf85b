/*
 * envelope.c
 *		What a value is, which format, how long, and a checksum.
 *
 * The checksum is tested before the version is believed: a flipped bit in
 * the version must not pass for a value from the future.
 */
#include "model/envelope.h"

#define LENGTH_OFFSET 8
#define CHECKSUM_OFFSET 12

static uint32_t
checksum(const uint8_t *bytes, size_t length)
{
	uint32_t	crc = cvm_crc32c(bytes, CHECKSUM_OFFSET);

	return cvm_crc32c_extend(crc, bytes + CVM_ENVELOPE_SIZE, length - CVM_ENVELOPE_SIZE);
}

void
cvm_envelope_begin(CvmWriter *writer, uint32_t magic, uint16_t version)
{
	cvm_write_u32(writer, magic);
	cvm_write_u16(writer, version);
	cvm_write_u16(writer, 0);
	cvm_write_u32(writer, 0);
	cvm_write_u32(writer, 0);
}

void
cvm_envelope_seal(void *bytes, size_t length)
{
	CvmWriter	writer = {.bytes = bytes,.length = length,.capacity = length};

	cvm_patch_u32(&writer, LENGTH_OFFSET, (uint32_t) length);
	cvm_patch_u32(&writer, CHECKSUM_OFFSET, checksum(bytes, length));
}

CvmStatus
cvm_envelope_open(const void *bytes, size_t length, uint32_t magic, uint16_t newest,
				  const char *what, CvmReader *reader, uint16_t *version, CvmError *error)
{
	uint32_t	found_magic;
	uint16_t	reserved;
	uint32_t	found_length;
	uint32_t	found_checksum;

	cvm_reader_init(reader, bytes, length);
	found_magic = cvm_read_u32(reader);
	*version = cvm_read_u16(reader);
	reserved = cvm_read_u16(reader);
	found_length = cvm_read_u32(reader);
	found_checksum = cvm_read_u32(reader);

	if (reader->failed)
		return cvm_fail(error, CVM_BAD_FORMAT,
						"invalid %s: too short, %zu bytes", what, length);
	if (found_magic != magic)
		return cvm_fail(error, CVM_BAD_FORMAT,
						"invalid %s: it does not begin as one", what);
	if (found_length != length)
		return cvm_fail(error, CVM_BAD_FORMAT,
						"invalid %s: it should have %u bytes and has %zu",
						what, found_length, length);
	if (found_checksum != checksum(bytes, length))
		return cvm_fail(error, CVM_BAD_FORMAT,
						"invalid %s: its checksum does not match", what);
	if (*version > newest)
	{
		cvm_fail(error, CVM_FUTURE_FORMAT,
				 "%s has format %d, and this version of cvm knows formats up to %d",
				 what, *version, newest);
		cvm_hint(error, "Update the extension cvm on this server.");
		return CVM_FUTURE_FORMAT;
	}
	if (*version == 0 || reserved != 0)
		return cvm_fail(error, CVM_BAD_FORMAT,
						"invalid %s: wrong format or reserved bytes", what);
	return CVM_OK;
}
