/*
 * model_format.c
 *		Models to bytes and back; format.txt describes the bytes.
 *
 * Decoding copies nothing but pointers: strings and arrays stay where they
 * are.  What a count in the bytes makes us allocate is always bounded by the
 * bytes that are left, so a forged count costs no memory.  Slots are not in
 * the bytes; they follow from the terms.
 */
#include "model/model_section.h"

#include <limits.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "model/envelope.h"

#define BAD(...) cvm_fail(error, CVM_BAD_FORMAT, "invalid cvm.model: " __VA_ARGS__)

/* Sections that every model has, in the order in which they stand. */
enum
{
	SECTION_ANSWER = 1,
	SECTION_INPUTS = 2,
	SECTION_PAYLOAD = 3,
	SECTION_HISTORY = 4
};

/* The fewest bytes that one of these takes; see format.txt. */
#define SMALLEST_STRING 5
#define SMALLEST_INPUT 13
#define SMALLEST_TERM 40

/* ---- encoding ---- */

/* Returns where the section begins, for end_section. */
static size_t
begin_section(CvmWriter *writer, uint32_t kind)
{
	cvm_write_u32(writer, kind);
	cvm_write_u32(writer, 0);
	return writer->length;
}

static void
end_section(CvmWriter *writer, size_t begin)
{
	cvm_write_pad(writer, 8);
	cvm_patch_u32(writer, begin - 4, (uint32_t) (writer->length - begin));
}

static void
write_answer(CvmWriter *writer, const CvmModel *model)
{
	size_t		begin = begin_section(writer, SECTION_ANSWER);

	cvm_write_u32(writer, model->class_count);
	cvm_write_string(writer, model->target);
	for (int i = 0; i < model->class_count; i++)
		cvm_write_string(writer, model->classes[i]);
	cvm_write_doubles(writer, model->class_shares, model->class_count);
	end_section(writer, begin);
}

static void
write_term(CvmWriter *writer, const CvmTerm *term)
{
	cvm_write_u32(writer, term->input);
	cvm_write_u32(writer, term->part);
	cvm_write_u8(writer, term->kind);
	cvm_write_u8(writer, term->kind != CVM_TERM_CATEGORY && term->flag_slot >= 0);
	cvm_write_u16(writer, 0);
	cvm_write_string(writer, term->name);
	if (term->kind == CVM_TERM_CATEGORY)
	{
		cvm_write_u32(writer, term->level_count);
		cvm_write_u32(writer, term->other_level + 1);
		cvm_write_u32(writer, term->missing_level + 1);
		for (int i = 0; i < term->level_count; i++)
			cvm_write_string(writer, term->levels[i]);
		cvm_write_doubles(writer, &term->missing_share, 1);
		cvm_write_doubles(writer, term->level_shares, term->level_count);
	}
	else
	{
		double		numbers[] = {
			term->missing_share, term->mean, term->deviation,
			term->center, term->scale, term->fill
		};

		cvm_write_doubles(writer, numbers, 6);
	}
}

void
cvm_encoder_write(const CvmEncoder *encoder, CvmWriter *writer)
{
	cvm_write_u32(writer, encoder->input_count);
	cvm_write_u32(writer, encoder->term_count);
	for (int i = 0; i < encoder->input_count; i++)
	{
		cvm_write_u32(writer, encoder->inputs[i].kind);
		cvm_write_u32(writer, encoder->inputs[i].elements);
		cvm_write_string(writer, encoder->inputs[i].name);
	}
	for (int i = 0; i < encoder->term_count; i++)
		write_term(writer, &encoder->terms[i]);
}

static void
write_inputs(CvmWriter *writer, const CvmEncoder *encoder)
{
	size_t		begin = begin_section(writer, SECTION_INPUTS);

	cvm_encoder_write(encoder, writer);
	end_section(writer, begin);
}

static void
write_fields(CvmWriter *writer, uint32_t kind, const CvmModel *model,
			 void (*describe) (CvmModel *model, CvmFields *fields))
{
	size_t		begin = begin_section(writer, kind);
	CvmModel	described = *model;
	CvmByteWriterFields fields;

	cvm_fields_to_bytes(&fields, writer);
	describe(&described, &fields.fields);
	end_section(writer, begin);
}

static void
write_history(CvmWriter *writer, const CvmModel *model)
{
	size_t		begin = begin_section(writer, SECTION_HISTORY);
	double		numbers[] = {
		model->total_weight, model->loss, model->validation_loss, model->gradient_norm
	};

	cvm_write_u16(writer, model->solver);
	cvm_write_u16(writer, model->driver);
	cvm_write_u16(writer, model->outcome);
	cvm_write_u16(writer, 0);
	cvm_write_u32(writer, model->iterations);
	cvm_write_u32(writer, model->rank + 1);
	cvm_write_u64(writer, model->seed);
	cvm_write_u64(writer, model->rows);
	cvm_write_u64(writer, model->rows_left_out);
	cvm_write_u64(writer, model->validation_rows);
	cvm_write_doubles(writer, numbers, 4);
	cvm_write_string(writer, model->options);
	cvm_write_string(writer, model->library_version);
	end_section(writer, begin);
}

/* inherits: without its inputs. */
static void
write_model(CvmWriter *writer, const CvmModel *model, bool inherits)
{
	static const CvmEncoder no_inputs;

	cvm_write_u16(writer, model->learner->number);
	cvm_write_u16(writer, model->task);
	cvm_write_u32(writer, 0);
	write_answer(writer, model);
	write_inputs(writer, inherits ? &no_inputs : &model->encoder);
	write_fields(writer, SECTION_PAYLOAD, model, model->learner->describe);
	write_history(writer, model);
	for (int i = 0; i < cvm_model_section_count; i++)
		if (cvm_model_sections[i].present(model))
			write_fields(writer, cvm_model_sections[i].kind, model, cvm_model_sections[i].describe);
}

void
cvm_model_encode(const CvmModel *model, CvmWriter *writer)
{
	cvm_envelope_begin(writer, CVM_MAGIC_MODEL, CVM_MODEL_FORMAT);
	write_model(writer, model, false);
	cvm_envelope_seal(writer->bytes, writer->length);
}

void
cvm_model_write_nested(CvmWriter *writer, const CvmModel *model, bool inherits)
{
	size_t		place = writer->length;
	size_t		begin;

	cvm_write_u32(writer, 0);
	cvm_write_pad(writer, 8);
	begin = writer->length;
	write_model(writer, model, inherits);
	cvm_patch_u32(writer, place, (uint32_t) (writer->length - begin));
}

/* ---- decoding ---- */

/*
 * An unsigned number that has to be an int.  One that does not fit fails, so
 * that no check has to think of negative counts.
 */
static int
read_int(CvmReader *reader)
{
	uint32_t	value = cvm_read_u32(reader);

	if (value > INT_MAX)
	{
		reader->failed = true;
		return 0;
	}
	return (int) value;
}

static void
read_zero(CvmReader *reader, uint32_t value)
{
	if (value != 0)
		reader->failed = true;
}

static const char **
read_strings(CvmReader *reader, int count)
{
	const char **strings;

	if (!cvm_reader_expects(reader, count, SMALLEST_STRING))
		return NULL;
	strings = CVM_NEW(const char *, count);
	for (int i = 0; i < count; i++)
		strings[i] = cvm_read_string(reader);
	return strings;
}

static void
read_answer(CvmReader *reader, CvmModel *model)
{
	model->class_count = read_int(reader);
	model->target = cvm_read_string(reader);
	model->outputs = cvm_prediction_size(model->task, model->class_count);
	model->classes = read_strings(reader, model->class_count);
	model->class_shares = (double *) cvm_read_doubles(reader, model->class_count);
}

static void
read_term(CvmReader *reader, CvmTerm *term)
{
	const double *numbers;
	uint8_t		flag;

	term->input = read_int(reader);
	term->part = read_int(reader);
	term->kind = (CvmTermKind) cvm_read_u8(reader);
	flag = cvm_read_u8(reader);
	read_zero(reader, cvm_read_u16(reader));
	term->name = cvm_read_string(reader);
	term->scale = 1;
	term->other_level = -1;
	term->missing_level = -1;
	term->flag_slot = flag == 1 ? 0 : -1;	/* cvm_model_assign_slots says where */

	if (term->kind == CVM_TERM_CATEGORY)
	{
		read_zero(reader, flag);
		term->level_count = read_int(reader);
		term->other_level = read_int(reader) - 1;
		term->missing_level = read_int(reader) - 1;
		term->levels = read_strings(reader, term->level_count);
		numbers = cvm_read_doubles(reader, 1);
		term->level_shares = (double *) cvm_read_doubles(reader, term->level_count);
		if (!reader->failed)
			term->missing_share = numbers[0];
	}
	else
	{
		read_zero(reader, flag > 1);
		numbers = cvm_read_doubles(reader, 6);
		if (!reader->failed)
		{
			term->missing_share = numbers[0];
			term->mean = numbers[1];
			term->deviation = numbers[2];
			term->center = numbers[3];
			term->scale = numbers[4];
			term->fill = numbers[5];
		}
	}
}

CvmStatus
cvm_encoder_read(CvmReader *reader, CvmEncoder *encoder, CvmError *error)
{
	encoder->input_count = read_int(reader);
	encoder->term_count = read_int(reader);
	if (!cvm_reader_expects(reader, encoder->input_count, SMALLEST_INPUT) ||
		!cvm_reader_expects(reader, encoder->term_count, SMALLEST_TERM))
		return CVM_OK;
	encoder->inputs = CVM_NEW_ZERO(CvmInput, encoder->input_count);
	encoder->terms = CVM_NEW_ZERO(CvmTerm, encoder->term_count);
	for (int i = 0; i < encoder->input_count; i++)
	{
		encoder->inputs[i].kind = (CvmInputKind) read_int(reader);
		encoder->inputs[i].elements = read_int(reader);
		encoder->inputs[i].name = cvm_read_string(reader);
	}
	for (int i = 0; i < encoder->term_count && !reader->failed; i++)
		read_term(reader, &encoder->terms[i]);
	return reader->failed ? CVM_OK : cvm_model_assign_slots(encoder, error);
}

/* Needs the sections before it. */
static void
read_fields(CvmReader *reader, CvmModel *model,
			void (*describe) (CvmModel *model, CvmFields *fields))
{
	CvmByteReaderFields fields;

	cvm_fields_from_bytes(&fields, reader);
	describe(model, &fields.fields);
}

static const CvmModelSection *
find_section(uint32_t kind)
{
	for (int i = 0; i < cvm_model_section_count; i++)
		if (cvm_model_sections[i].kind == kind)
			return &cvm_model_sections[i];
	return NULL;
}

static void
read_history(CvmReader *reader, CvmModel *model)
{
	const double *numbers;

	model->solver = (CvmSolver) cvm_read_u16(reader);
	model->driver = (CvmDriver) cvm_read_u16(reader);
	model->outcome = (CvmOutcome) cvm_read_u16(reader);
	read_zero(reader, cvm_read_u16(reader));
	model->iterations = read_int(reader);
	model->rank = read_int(reader) - 1;
	model->seed = (int64_t) cvm_read_u64(reader);
	model->rows = (int64_t) cvm_read_u64(reader);
	model->rows_left_out = (int64_t) cvm_read_u64(reader);
	model->validation_rows = (int64_t) cvm_read_u64(reader);
	numbers = cvm_read_doubles(reader, 4);
	if (!reader->failed)
	{
		model->total_weight = numbers[0];
		model->loss = numbers[1];
		model->validation_loss = numbers[2];
		model->gradient_norm = numbers[3];
	}
	model->options = cvm_read_string(reader);
	model->library_version = cvm_read_string(reader);
}

/*
 * Reads one section to its last byte; "last" is the kind of the one before.
 * The reader of a section ends where the section ends but counts from the
 * beginning of the body, so that alignment means the same to both.
 */
static CvmStatus
read_section(CvmReader *body, uint32_t *last, const CvmEncoder *inherited, CvmModel *model,
			 CvmError *error)
{
	uint32_t	kind = cvm_read_u32(body);
	uint32_t	length = cvm_read_u32(body);
	uint32_t	expected = *last < SECTION_HISTORY ? *last + 1 : kind;
	CvmReader	section;
	CvmStatus	status;

	if (length % 8 != 0 || !cvm_reader_expects(body, length, 1))
		return BAD("section %u is cut short", expected);
	if (kind != expected)
		return BAD("section %u stands where section %u belongs", kind, expected);
	if (kind <= *last || (kind > SECTION_HISTORY && find_section(kind) == NULL))
		return BAD("section %u is out of order or not known", kind);
	*last = kind;
	section = *body;
	section.length = body->position + length;
	body->position += length;

	switch (kind)
	{
		case SECTION_ANSWER:
			read_answer(&section, model);
			break;
		case SECTION_INPUTS:
			status = cvm_encoder_read(&section, &model->encoder, error);
			if (status != CVM_OK)
				return status;
			if (inherited != NULL)
			{
				if (model->encoder.input_count + model->encoder.term_count > 0)
					return BAD("a model has inputs of its own where it inherits them");
				model->encoder = *inherited;
			}
			break;
		case SECTION_PAYLOAD:
			read_fields(&section, model, model->learner->describe);
			break;
		case SECTION_HISTORY:
			read_history(&section, model);
			break;
		default:
			read_fields(&section, model, find_section(kind)->describe);
			break;
	}
	cvm_read_pad(&section, 8);
	if (section.failed || cvm_reader_left(&section) != 0)
		return BAD("section %u cannot be read", kind);
	return CVM_OK;
}

/* From the algorithm to the end of the reader; not checked yet. */
static CvmStatus
read_model(CvmReader *reader, const CvmEncoder *inherited, CvmModel *model, CvmError *error)
{
	uint16_t	algorithm = cvm_read_u16(reader);
	uint32_t	last = 0;
	CvmStatus	status;

	model->learner = cvm_learner_by_number(algorithm);
	model->task = (CvmTask) cvm_read_u16(reader);
	read_zero(reader, cvm_read_u32(reader));
	if (reader->failed)
		return BAD("its head cannot be read");
	if (model->learner == NULL)
	{
		cvm_fail(error, CVM_FUTURE_FORMAT,
				 "cvm.model is of algorithm %d, which this version of cvm does not know",
				 algorithm);
		cvm_hint(error, "Update the extension cvm on this server.");
		return CVM_FUTURE_FORMAT;
	}
	while (last < SECTION_HISTORY || cvm_reader_left(reader) > 0)
	{
		status = read_section(reader, &last, inherited, model, error);
		if (status != CVM_OK)
			return status;
	}
	return CVM_OK;
}

CvmModel *
cvm_model_read_nested(CvmReader *reader, const CvmModel *outer, bool inherits)
{
	uint32_t	length = cvm_read_u32(reader);
	CvmModel   *model = NULL;
	CvmReader	body;

	cvm_read_pad(reader, 8);
	if (length % 8 != 0 || outer->depth >= CVM_MODEL_MAX_DEPTH ||
		!cvm_reader_expects(reader, length, 1))
	{
		reader->failed = true;
		return NULL;
	}
	body = *reader;
	body.length = reader->position + length;
	reader->position += length;
	model = CVM_NEW_ZERO(CvmModel, 1);
	model->depth = outer->depth + 1;
	if (read_model(&body, inherits ? &outer->encoder : NULL, model, NULL) != CVM_OK)
		reader->failed = true;
	return model;
}

CvmStatus
cvm_model_decode(const void *bytes, size_t length, CvmModel **result, CvmError *error)
{
	CvmReader	reader;
	uint16_t	version;
	CvmModel   *model;
	CvmStatus	status;

	status = cvm_envelope_open(bytes, length, CVM_MAGIC_MODEL, CVM_MODEL_FORMAT,
							   "cvm.model", &reader, &version, error);
	if (status != CVM_OK)
		return status;
	model = CVM_NEW_ZERO(CvmModel, 1);
	status = read_model(&reader, NULL, model, error);
	if (status != CVM_OK)
		return status;
	status = cvm_model_check(model, error);
	if (status == CVM_OK)
		*result = model;
	return status;
}
