/*
 * confusion.h
 *		Figures from a confusion matrix.
 *
 * counts: classes x classes weights, row = actual class, column = predicted
 * class.  A precision, recall or f1 of 0/0 is 0.
 */
#ifndef CVM_CONFUSION_H
#define CVM_CONFUSION_H

#include <stdbool.h>

/* Share of the weight on the diagonal; NaN without any. */
extern double cvm_confusion_accuracy(const double *counts, int classes);

/* Mean recall over the classes that are met; NaN without any. */
extern double cvm_confusion_balanced_accuracy(const double *counts, int classes);

/*
 * The correlation of actual and predicted classes: for two Matthews (1975),
 * for more Gorodkin (2004).  0 where one side has a single class.
 */
extern double cvm_confusion_matthews(const double *counts, int classes);

typedef struct CvmClassFigures
{
	double		precision;
	double		recall;
	double		f1;
} CvmClassFigures;

/* Of one class; false if it was neither met nor predicted. */
extern bool cvm_confusion_class(const double *counts, int classes, int class,
								CvmClassFigures *figures);

/* Means over the classes that were met or predicted; NaN without any. */
extern void cvm_confusion_means(const double *counts, int classes, CvmClassFigures *figures);

#endif							/* CVM_CONFUSION_H */
