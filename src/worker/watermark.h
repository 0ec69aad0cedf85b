/*
 * watermark.h
 *		New rows of sources that have a column which grows with them.
 */
#ifndef CVM_WATERMARK_H
#define CVM_WATERMARK_H

#include "catalog/registry.h"

/*
 * How far the column of a source has grown, as text, or NULL: no rows.  With
 * the rights of the model's owner; an error when there is no such column.
 * SPI is connected.
 */
extern char *cvm_watermark_now(const CvmDefinition *definition, const char *column);

/*
 * Counts new rows for the schedules that go by a watermark, for a few seconds
 * at most, beginning with those that were not counted for longest.  Whether a
 * model may be due now.  In transactions of its own.
 */
extern bool cvm_count_past_watermarks(void);

/* The same, without a limit, for the models of the current user in the current
 * transaction. */
extern void cvm_count_past_watermarks_here(void);

#endif							/* CVM_WATERMARK_H */
