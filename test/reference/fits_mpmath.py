#!/usr/bin/python3
"""Reference fits for test/unit/test_references.c, in 60-digit arithmetic.

Run by hand, never by make check:
    python3 test/reference/fits_mpmath.py >test/unit/reference_fits.h
The data are public: Longley (1967), Filip and Wampler (1970) with certified
values from the Statistical Reference Datasets of NIST; Spector and Mazzeo
(1980) as in Greene's Econometric Analysis and in statsmodels; Dobson (1990),
the example of R's help page of glm.  What these sources print is checked
below, so that the digits they do not print can be trusted.
"""
from mpmath import mp, mpf, matrix, exp, log, sqrt, lu_solve, inverse

mp.dps = 60

LONGLEY = """60323 83.0 234289 2356 1590 107608 1947;61122 88.5 259426 2325 1456 108632 1948
60171 88.2 258054 3682 1616 109773 1949;61187 89.5 284599 3351 1650 110929 1950
63221 96.2 328975 2099 3099 112075 1951;63639 98.1 346999 1932 3594 113270 1952
64989 99.0 365385 1870 3547 115094 1953;63761 100.0 363112 3578 3350 116219 1954
66019 101.2 397469 2904 3048 117388 1955;67857 104.6 419180 2822 2857 118734 1956
68169 108.4 442769 2936 2798 120445 1957;66513 110.8 444546 4681 2637 121950 1958
68655 112.6 482704 3813 2552 123366 1959;69564 114.2 502601 3931 2514 125368 1960
69331 115.7 518173 4806 2572 127852 1961;70551 116.9 554894 4007 2827 130081 1962"""
FILIP_Y = """0.8116 0.9072 0.9052 0.9039 0.8053 0.8377 0.8667 0.8809 0.7975 0.8162 0.8515 0.8766
0.8885 0.8859 0.8959 0.8913 0.8959 0.8971 0.9021 0.909 0.9139 0.9199 0.8692 0.8872 0.89 0.891 0.8977
0.9035 0.9078 0.7675 0.7705 0.7713 0.7736 0.7775 0.7841 0.7971 0.8329 0.8641 0.8804 0.7668 0.7633
0.7678 0.7697 0.77 0.7749 0.7796 0.7897 0.8131 0.8498 0.8741 0.8061 0.846 0.8751 0.8856 0.8919 0.8934
0.894 0.8957 0.9047 0.9129 0.9209 0.9219 0.7739 0.7681 0.7665 0.7703 0.7702 0.7761 0.7809 0.7961
0.8253 0.8602 0.8809 0.8301 0.8664 0.8834 0.8898 0.8964 0.8963 0.9074 0.9119 0.9228"""
FILIP_X = """-6.860120914 -4.324130045 -4.358625055 -4.358426747 -6.955852379 -6.661145254 -6.355462942
-6.118102026 -7.115148017 -6.815308569 -6.519993057 -6.204119983 -5.853871964 -6.109523091 -5.79832982
-5.482672118 -5.171791386 -4.851705903 -4.517126416 -4.143573228 -3.709075441 -3.499489089 -6.300769497
-5.953504836 -5.642065153 -5.031376979 -4.680685696 -4.329846955 -3.928486195 -8.56735134 -8.363211311
-8.107682739 -7.823908741 -7.522878745 -7.218819279 -6.920818754 -6.628932138 -6.323946875 -5.991399828
-8.781464495 -8.663140179 -8.473531488 -8.247337057 -7.971428747 -7.676129393 -7.352812702 -7.072065318
-6.774174009 -6.478861916 -6.159517513 -6.835647144 -6.53165267 -6.224098421 -5.910094889 -5.598599459
-5.290645224 -4.974284616 -4.64454848 -4.290560426 -3.885055584 -3.408378962 -3.13200249 -8.726767166
-8.66695597 -8.511026475 -8.165388579 -7.886056648 -7.588043762 -7.283412422 -6.995678626 -6.691862621
-6.392544977 -6.067374056 -6.684029655 -6.378719832 -6.065855188 -5.752272167 -5.132414673 -4.811352704
-4.098269308 -3.66174277 -3.2644011"""
SPECTOR = """2.66 20 0 0;2.89 22 0 0;3.28 24 0 0;2.92 12 0 0;4.00 21 0 1;2.86 17 0 0;2.76 17 0 0
2.87 21 0 0;3.03 25 0 0;3.92 29 0 1;2.63 20 0 0;3.32 23 0 0;3.57 23 0 0;3.26 25 0 1;3.53 26 0 0
2.74 19 0 0;2.75 25 0 0;2.83 19 0 0;3.12 23 1 0;3.16 25 1 1;2.06 22 1 0;3.62 28 1 1;2.89 14 1 0
3.51 26 1 0;3.54 24 1 1;2.83 27 1 1;3.39 17 1 1;2.67 24 1 0;3.65 21 1 1;4.00 23 1 1;3.10 21 1 0
2.39 19 1 1"""


def table(text):
    return [[mpf(v) for v in row.split()] for line in text.split("\n") for row in line.split(";")]


def close(actual, printed, digits):
    assert abs(actual / mpf(printed) - 1) < mpf(10) ** -digits, (mp.nstr(actual, 15), printed)


class Fit:
    """Minimizes the sum of losses + l1 |b| + l2/2 b^2 by Newton's method.

    rows: [target, x...]; coefficients: output-major, each with the intercept
    last.  signs: for the lasso, of the coefficients at the optimum (0: zero).
    """

    def __init__(self, name, family, rows, outputs=1, degree=0, l1=0, l2=0, delta=0, signs=None):
        self.name, self.family, self.outputs, self.degree = name, family, outputs, degree
        self.l1, self.l2, self.delta, self.rows = l1, l2, mpf(delta), rows
        self.standardized = l1 > 0 or l2 > 0 or family in ("svm", "huber")
        y = [row[0] for row in rows]
        x = [[row[1] ** p for p in range(1, degree + 1)] if degree else row[1:] for row in rows]
        self.columns = len(x[0])
        if self.standardized:
            for j in range(self.columns):
                column = [row[j] for row in x]
                mean = sum(column) / len(column)
                deviation = sqrt(sum((v - mean) ** 2 for v in column) / len(column))
                for row in x:
                    row[j] = (row[j] - mean) / deviation
        self.design = [row + [mpf(1)] for row in x]
        self.y = y
        self.signs = signs
        self.fit()

    def row(self, eta, y):
        """First and second derivatives of a row's loss."""
        if self.family == "linear":
            return [eta[0] - y], [[mpf(1)]]
        if self.family == "logistic":
            p = 1 / (1 + exp(-eta[0]))
            return [p - y], [[p * (1 - p)]]
        if self.family == "poisson":
            return [exp(eta[0]) - y], [[exp(eta[0])]]
        if self.family == "svm":
            s = 2 * y - 1
            lack = 1 - s * eta[0]
            return ([-s * lack], [[mpf(1)]]) if lack > 0 else ([mpf(0)], [[mpf(0)]])
        if self.family == "huber":
            r = eta[0] - y
            if abs(r) <= self.delta:
                return [r], [[mpf(1)]]
            return [self.delta if r > 0 else -self.delta], [[mpf(0)]]
        total = sum(exp(e) for e in eta)
        p = [exp(e) / total for e in eta]
        return ([p[k] - (k == y) for k in range(len(p))],
                [[p[k] * ((k == l) - p[l]) for l in range(len(p))] for k in range(len(p))])

    def derivatives(self, b):
        stride, size = self.columns + 1, len(b)
        gradient, hessian = matrix(size, 1), matrix(size, size)
        for x, y in zip(self.design, self.y):
            eta = [sum(x[j] * b[k * stride + j] for j in range(stride)) for k in range(self.outputs)]
            g, h = self.row(eta, y)
            for k in range(self.outputs):
                for i in range(stride):
                    gradient[k * stride + i] += g[k] * x[i]
                    for l in range(self.outputs):
                        if h[k][l]:
                            for j in range(stride):
                                hessian[k * stride + i, l * stride + j] += h[k][l] * x[i] * x[j]
        for i in range(size):
            if i % stride != stride - 1:
                gradient[i] += self.l2 * b[i]
                hessian[i, i] += self.l2
        return gradient, hessian

    def fit(self):
        stride = self.columns + 1
        size = stride * self.outputs
        b = matrix(size, 1)
        # huber: from least squares, step by step
        final_delta = self.delta
        self.delta = 64 * final_delta
        support = [i for i in range(size) if self.signs is None or i % stride == self.columns or self.signs[i]]
        for _ in range(1000):
            gradient, hessian = self.derivatives(b)
            for i in range(size):
                if self.signs is not None and i % stride != self.columns:
                    gradient[i] += self.l1 * self.signs[i]
            if self.outputs > 1:        # coefficients sum to zero over the outputs
                for i in range(stride):
                    if all(k * stride + i in support for k in range(self.outputs)):
                        for k in range(self.outputs):
                            for l in range(self.outputs):
                                hessian[k * stride + i, l * stride + i] += mpf(1) / self.outputs
            part = matrix(len(support), len(support))
            right = matrix(len(support), 1)
            for i, p in enumerate(support):
                right[i] = gradient[p]
                for j, q in enumerate(support):
                    part[i, j] = hessian[p, q]
            step = lu_solve(part, right)
            size_factor = mpf(1)
            if self.family in ("poisson", "softmax", "logistic"):
                size_factor = min(mpf(1), 2 / max(abs(s) for s in step)) if max(abs(s) for s in step) > 20 else mpf(1)
            for i, p in enumerate(support):
                b[p] -= size_factor * step[i]
            if max(abs(s) for s in step) < mpf(10) ** -40 * max(1, max(abs(v) for v in b)):
                if self.delta == final_delta:
                    break
                self.delta = max(final_delta, self.delta * mpf("0.9"))
        else:
            raise RuntimeError(self.name)
        if self.signs is not None:      # the conditions of the optimum
            gradient, _ = self.derivatives(b)
            for i in range(size):
                if i % stride != self.columns:
                    assert (abs(gradient[i]) <= self.l1 if self.signs[i] == 0
                            else b[i] * self.signs[i] > 0), self.name
        self.b = b
        self.errors = None
        if not self.standardized:
            dispersion = mpf(1)
            if self.family == "linear":
                squares = sum((y - sum(x[j] * b[j] for j in range(stride))) ** 2
                              for x, y in zip(self.design, self.y))
                dispersion = squares / (len(self.y) - stride)
                self.deviation = sqrt(dispersion)
            covariance = inverse(part)
            if self.outputs > 1:
                for i in range(stride):
                    for k in range(self.outputs):
                        for l in range(self.outputs):
                            covariance[k * stride + i, l * stride + i] -= mpf(1) / self.outputs
            self.errors = [sqrt(abs(covariance[i, i]) * dispersion) for i in range(size)]


longley = Fit("longley", "linear", table(LONGLEY))
close(longley.b[6], "-3482258.63459582", 14)
close(longley.b[0], "15.0618722713733", 14)
close(longley.errors[6], "890420.383607373", 14)
close(longley.deviation, "304.854073561965", 14)
filip = Fit("filip", "linear", [[mpf(y), mpf(x)] for y, x in zip(FILIP_Y.split(), FILIP_X.split())], degree=10)
close(filip.b[10], "-1467.48961422980", 14)
close(filip.b[9], "-0.402962525080404E-04", 14)
close(filip.errors[10], "298.084530995537", 14)

deltas = [759, -2048, 2048, -2048, 2523, -2048, 2048, -2048, 1838, -2048, 2048, -2048, 1838, -2048, 2048,
          -2048, 2523, -2048, 2048, -2048, 759]
wamplers = []
for number, factor in ((1, 0), (3, 1), (4, 100), (5, 10000)):
    rows = [[sum(mpf(x) ** p for p in range(6)) + factor * deltas[x], mpf(x)] for x in range(21)]
    wamplers.append(Fit("wampler%d" % number, "linear", rows, degree=5))
wamplers.append(Fit("wampler2", "linear",
                    [[sum(mpf(10) ** -p * mpf(x) ** p for p in range(6)), mpf(x)] for x in range(21)], degree=5))
for fit in wamplers[1:4]:
    for value in fit.b:
        close(value, 1, 14)
close(wamplers[1].deviation, "2360.14502379268", 14)
close(wamplers[1].errors[5], "2152.32624678170", 14)

spector = [[row[3]] + row[:3] for row in table(SPECTOR)]
logistic = Fit("spector", "logistic", spector)
for value, printed in zip(logistic.b, ("2.82611", "0.09515", "2.37869", "-13.02135")):
    close(value, printed, 4)
for value, printed in zip(logistic.errors, ("1.26294", "0.14155", "1.06456", "4.93132")):
    close(value, printed, 4)

counts = [18, 17, 15, 20, 10, 20, 25, 13, 12]
dobson = Fit("dobson", "poisson", [[mpf(c), mpf(i % 3 == 1), mpf(i % 3 == 2), mpf(i // 3 == 1), mpf(i // 3 == 2)]
                                   for i, c in enumerate(counts)])
for value, printed in zip(dobson.b[:2], ("-0.4543", "-0.2930")):
    close(value, printed, 3)
close(dobson.b[4], "3.0445", 4)
for value, printed in zip(dobson.errors, ("0.2022", "0.1927", "0.2", "0.2", "0.1709")):
    close(value, printed, 3)

# the question how well somebody did (TUCE) in three classes
classes = [[mpf(0 if row[2] < 20 else 1 if row[2] < 24 else 2), row[1], row[3], row[0]] for row in spector]
longley_rows = table(LONGLEY)
fits = [longley, filip] + wamplers + [
    logistic, dobson,
    Fit("classes", "softmax", classes, outputs=3),
    Fit("classes_ridge", "softmax", classes, outputs=3, l2=mpf("0.5")),
    Fit("spector_ridge", "logistic", spector, l2=1),
    Fit("spector_elastic_net", "logistic", spector, l1=3, l2=mpf("0.5"), signs=[1, 0, 1, None]),
    Fit("longley_lasso", "linear", [[(r[0] - 65000) / 1000] + r[1:] for r in longley_rows], l1=mpf("0.8"),
        signs=[0, 1, -1, -1, 0, 0, None]),
    Fit("longley_huber", "huber", [[(r[0] - 65000) / 1000] + r[1:] for r in longley_rows], l2=mpf("0.1"), delta="0.2"),
    Fit("spector_svm", "svm", spector, l2=1),
    Fit("dobson_ridge", "poisson", dobson.rows, l2=2),
]


def numbers(values, indent="\t"):
    lines, line = [], indent
    for value in values:
        text = mp.nstr(value, 17) + ", "
        if len(line.expandtabs(4)) + len(text) > 100:
            lines.append(line.rstrip())
            line = indent
        line += text
    return "\n".join(lines + [line.rstrip().rstrip(",")])


print("""/*
 * reference_fits.h
 *		Public data sets and what a fit of them must give; written by
 *		test/reference/fits_mpmath.py.
 *
 * Data: a row each, the target and then the columns; with a degree, one
 * column whose powers are the columns.  Coefficients: for each output those
 * of the columns and the intercept, of the columns as they are, or, for
 * penalized fits, svm and huber, brought to mean 0 and deviation 1.
 */
#ifndef CVM_REFERENCE_FITS_H
#define CVM_REFERENCE_FITS_H

#include "learn/family.h"

typedef struct ReferenceFit
{
	const char *name;
	CvmFamily	family;
	int			outputs;
	int			rows;
	int			columns;
	int			degree;
	double		l1;
	double		l2;
	double		delta;
	const double *data;
	const double *coefficients;
	const double *std_errors;
} ReferenceFit;
""")
for fit in fits:
    print("static const double %s_data[] = {\n%s\n};\n" % (fit.name, numbers([v for r in fit.rows for v in r])))
    print("static const double %s_coefficients[] = {\n%s\n};\n" % (fit.name, numbers(fit.b)))
    if fit.errors:
        print("static const double %s_std_errors[] = {\n%s\n};\n" % (fit.name, numbers(fit.errors)))
print("static const ReferenceFit reference_fits[] = {")
for fit in fits:
    print('\t{"%s", CVM_%s, %d, %d, %d, %d, %s, %s, %s,\n\t%s_data, %s_coefficients, %s},' % (
        fit.name, fit.family.upper(), fit.outputs, len(fit.rows), fit.columns, fit.degree,
        mp.nstr(mpf(fit.l1), 5), mp.nstr(mpf(fit.l2), 5), mp.nstr(fit.delta, 5), fit.name, fit.name,
        fit.name + "_std_errors" if fit.errors else "NULL"))
print("};\n\n#endif\t\t\t\t\t\t\t/* CVM_REFERENCE_FITS_H */")
