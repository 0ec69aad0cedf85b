/*
 * envelope.h
 *		The first 16 bytes of every value of ours: what it is, which format,
 *		how long, and a checksum.
 *
 *	   0	4	magic
 *	   4	2	format version
 *	   6	2	reserved, zero
 *	   8	4	length of the whole body, this envelope included
 *	  12	4	CRC-32C of the body but for these four bytes
 *
 * It will never change: a version of cvm that does not know a format can
 * still say so, rather than call the value damaged.
 *
 * A cvm.model is written once, so its checksum always holds and every decode
 * tests it.  A cvm.fit_state is changed in place with every row: its length
 * and checksum are brought up to date by cvm_envelope_seal only when it
 * leaves (out, send, partial result), and cvm_envelope_open is for what comes
 * in from outside.
 */
#ifndef CVM_ENVELOPE_H
#define CVM_ENVELOPE_H

#include "base/codec.h"
#include "base/status.h"

#define CVM_ENVELOPE_SIZE 16

#define CVM_MAGIC_MODEL 0x4c444d43u	/* "CMDL" */
#define CVM_MAGIC_FIT_STATE 0x54494643u /* "CFIT" */

/* Writes an envelope with length and checksum still zero; the writer is empty. */
extern void cvm_envelope_begin(CvmWriter *writer, uint32_t magic, uint16_t version);

/* Fills in length and checksum of a body of at least CVM_ENVELOPE_SIZE bytes. */
extern void cvm_envelope_seal(void *bytes, size_t length);

/*
 * Checks an envelope and leaves the reader right after it.  what: the name of
 * the type for messages, as "cvm.model".  *version is the format found, at
 * most newest.  CVM_BAD_FORMAT or CVM_FUTURE_FORMAT.
 */
extern CvmStatus cvm_envelope_open(const void *bytes, size_t length,
								   uint32_t magic, uint16_t newest, const char *what,
								   CvmReader *reader, uint16_t *version, CvmError *error);

#endif							/* CVM_ENVELOPE_H */
