/*
 * drift_measure.h
 *		Measuring how far today's rows are from those of the active version.
 *
 * A row of today is read as training reads it (frame/column.h) and counted in
 * the bins of the version's profile; nothing is learned from it.
 */
#ifndef CVM_DRIFT_MEASURE_H
#define CVM_DRIFT_MEASURE_H

#include "catalog/registry.h"

typedef struct CvmDriftFinding
{
	int64		rows;			/* 0: nothing was measured */
	double		psi;			/* the largest of all features */
	const char *feature;		/* whose that is */
} CvmDriftFinding;

/*
 * Compares the rows of a source, or with NULL those of the model's own source
 * past the watermark of its active version, and writes what it finds into
 * cvm.drift_log as of today.  A source is run with the current user's rights,
 * the model's own with its owner's; SPI is connected.
 */
extern CvmDriftFinding cvm_measure_drift(const CvmDefinition *definition, const char *source);

#endif							/* CVM_DRIFT_MEASURE_H */
