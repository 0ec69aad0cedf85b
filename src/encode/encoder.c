/*
 * encoder.c
 *		Names: of kinds of inputs, and of what coefficients stand for; release.
 */
#include "encode/encoder.h"

#include <string.h>

#include "base/memory.h"

static const char *const kind_names[CVM_INPUT_KIND_COUNT] = {
	"number", "boolean", "category", "time", "interval", "array", "identifier"
};

const char *
cvm_input_kind_name(CvmInputKind kind)
{
	return kind_names[kind];
}

bool
cvm_input_kind_from_name(const char *name, CvmInputKind *kind)
{
	for (int i = 0; i < CVM_INPUT_KIND_COUNT; i++)
		if (strcmp(name, kind_names[i]) == 0)
		{
			*kind = (CvmInputKind) i;
			return true;
		}
	return false;
}

void
cvm_encoder_slot_name(const CvmEncoder *encoder, int slot,
					  const char **feature, const char **level)
{
	*feature = NULL;
	*level = NULL;
	for (int i = 0; i < encoder->term_count; i++)
	{
		const CvmTerm *term = &encoder->terms[i];

		if (term->kind == CVM_TERM_CATEGORY)
		{
			if (slot < term->slot || slot - term->slot >= term->level_count - 1)
				continue;
			*level = term->levels[slot - term->slot + 1];
		}
		else if (slot == term->flag_slot)
			*level = "missing";
		else if (slot != term->slot)
			continue;
		*feature = term->name;
		return;
	}
}

int *
cvm_encoder_coded_first(const CvmEncoder *encoder)
{
	int		   *first = CVM_NEW(int, encoder->coded_columns);
	int			column = 0;

	for (int i = 0; i < encoder->term_count; i++)
		if (encoder->terms[i].kind == CVM_TERM_CATEGORY)
			first[column++] = encoder->terms[i].slot;
	return first;
}

void
cvm_encoder_release(CvmEncoder *encoder)
{
	for (int i = 0; i < encoder->input_count; i++)
		cvm_release((char *) encoder->inputs[i].name);
	for (int i = 0; i < encoder->term_count; i++)
	{
		CvmTerm    *term = &encoder->terms[i];

		cvm_release((char *) term->name);
		for (int level = 0; level < term->level_count; level++)
			cvm_release((char *) term->levels[level]);
		cvm_release(term->levels);
		cvm_release(term->level_shares);
	}
	cvm_release(encoder->inputs);
	cvm_release(encoder->terms);
	cvm_release(encoder);
}
