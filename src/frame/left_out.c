/*
 * left_out.c
 *		NOTICEs for columns that a fit does without.
 */
#include "postgres.h"

#include "frame/left_out.h"

void
cvm_report_left_out(void *state, const char *term_name, CvmLeftOut why)
{
	switch (why)
	{
		case CVM_LEFT_OUT_CONSTANT:
			ereport(NOTICE,
					(errmsg("column \"%s\" is left out: it has the same value in every row",
							term_name)));
			break;
		case CVM_LEFT_OUT_MISSING:
			ereport(NOTICE,
					(errmsg("column \"%s\" is left out: it holds no values", term_name)));
			break;
		case CVM_LEFT_OUT_IDENTIFIER:
			ereport(NOTICE,
					(errmsg("column \"%s\" is left out: it has a different value in nearly every row, like an identifier",
							term_name)));
			break;
		case CVM_LEFT_OUT_RARE:
			ereport(NOTICE,
					(errmsg("column \"%s\" is left out: each of its values is in fewer rows than min_category_count",
							term_name)));
			break;
	}
}
