/*
 * expand.c
 *		How the rows of an encoder become plain vectors.
 */
#include "encode/expand.h"

#include "base/memory.h"

CvmExpansion *
cvm_expansion_create(const CvmEncoder *encoder)
{
	CvmExpansion *expansion = CVM_NEW_ZERO(CvmExpansion, 1);

	expansion->dense_columns = encoder->dense_columns;
	expansion->is_indicator = CVM_NEW_ZERO(bool, encoder->dense_columns);
	expansion->first_slots = CVM_NEW(int, encoder->coded_columns);
	expansion->level_counts = CVM_NEW(int, encoder->coded_columns);
	for (int i = 0; i < encoder->term_count; i++)
	{
		const CvmTerm *term = &encoder->terms[i];

		if (term->kind == CVM_TERM_CATEGORY)
		{
			expansion->first_slots[expansion->coded_columns] = term->slot;
			expansion->level_counts[expansion->coded_columns++] = term->level_count;
			expansion->level_total += term->level_count;
			continue;
		}
		expansion->is_indicator[term->slot] = term->kind == CVM_TERM_INDICATOR;
		if (term->flag_slot >= 0)
			expansion->is_indicator[term->flag_slot] = true;
	}
	expansion->width = expansion->dense_columns + expansion->level_total;
	return expansion;
}

void
cvm_expansion_release(CvmExpansion *expansion)
{
	cvm_release(expansion->is_indicator);
	cvm_release(expansion->first_slots);
	cvm_release(expansion->level_counts);
	cvm_release(expansion);
}

const CvmTerm *
cvm_expansion_term(const CvmEncoder *encoder, int place, int *level)
{
	int			next = encoder->dense_columns;

	for (int i = 0; i < encoder->term_count; i++)
	{
		const CvmTerm *term = &encoder->terms[i];

		if (term->kind != CVM_TERM_CATEGORY)
		{
			*level = place == term->flag_slot ? CVM_MISSING_FLAG : -1;
			if (place == term->slot || place == term->flag_slot)
				return term;
			continue;
		}
		*level = place - next;
		if (*level >= 0 && *level < term->level_count)
			return term;
		next += term->level_count;
	}
	return NULL;
}
