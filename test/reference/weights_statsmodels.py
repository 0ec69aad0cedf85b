#!/usr/bin/env python3
"""
Coefficients, standard errors and p-values of weighted and multinomial fits
(statsmodels), as VALUES for test/pgtap/standard_errors.sql.

The rows are made by the same formulas there.  Weights are those of precision
for linear models (WLS) and of frequency for the others.  Of softmax the
parameters are measured against the mean of the classes, as cvm measures them.
"""
import numpy as np
import statsmodels.api as sm

i = np.arange(1, 601)
x = np.sin(i)
z = np.cos(3 * i) * 4 + 5
group = i % 3
w = (1 + i % 7) / 4
y = 1 + 0.5 * x - 0.2 * z + 0.7 * (group == 1) + np.sin(i * i)
label = (y + np.cos(i * 11) > 0.2).astype(int)
count = np.floor(np.exp(y / 3) * (1.5 + np.sin(7 * i)))
kind = np.select([x + np.sin(5 * i * i) > 0.4, z + 4 * np.cos(i * 13) > 6], [0, 1], 2)

design = np.column_stack([np.ones(len(i)), x, z, group == 1, group == 2]).astype(float)
names = ["(intercept)", "x", "z", "b", "c"]


def show(model, fit):
    for name, values in zip(names, zip(fit.params, fit.bse, fit.pvalues)):
        print("\t('%s', '', '%s', %s)," % (model, name, ", ".join("%.15g" % v for v in values)))


def exact(family, target):
    """The covariance of the optimum: statsmodels takes that of the step before."""
    model = sm.GLM(target, design, family=family, freq_weights=w)
    fit = model.fit(tol=1e-15, maxiter=300)
    return model.fit(start_params=fit.params, tol=1e-15, maxiter=300)


show("linear", sm.WLS(y, design, weights=w).fit())
show("logistic", exact(sm.families.Binomial(), label))
show("poisson", exact(sm.families.Poisson(), count))

fit = sm.MNLogit(kind, design).fit(method="newton", maxiter=300, disp=0, tol=1e-15)
terms = len(names)
parameters = np.concatenate([np.zeros(terms), fit.params.T.ravel()])
covariance = np.zeros((3 * terms, 3 * terms))
covariance[terms:, terms:] = fit.cov_params()
centering = np.kron(np.eye(3) - 1 / 3, np.eye(terms))
parameters = centering @ parameters
errors = np.sqrt(np.diag(centering @ covariance @ centering.T))
for k in range(3):
    for j, name in enumerate(names):
        print("\t('softmax', '%d', '%s', %.15g, %.15g, NULL)," %
              (k, name, parameters[k * terms + j], errors[k * terms + j]))
