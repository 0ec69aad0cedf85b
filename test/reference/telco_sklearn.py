#!/usr/bin/python3
"""Reference coefficients for test/pgtap/accuracy.sql, by scikit-learn and statsmodels.

Run by hand, never by make check:
    python3 test/reference/telco_sklearn.py >test/reference/telco.csv
The columns are those of test/data/telco.sql; what cvm does to them is written
out here a second time: numbers standardized by their population deviation, a missing number replaced
by the mean and flagged, categories as indicators against the most frequent
level, no penalty on the intercept.
"""
import csv
import sys

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge
import statsmodels.api as sm

raw = pd.read_csv(sys.argv[1] if len(sys.argv) > 1 else "test/data/telco_churn.csv")
out = csv.writer(sys.stdout, lineterminator="\n")
out.writerow(("model", "feature", "level", "class", "coefficient", "std_error"))
raw["TotalCharges"] = pd.to_numeric(raw["TotalCharges"], errors="coerce")

numbers = {"tenure": "tenure", "MonthlyCharges": "monthly_charges", "TotalCharges": "total_charges"}
booleans = {"SeniorCitizen": "senior_citizen", "Partner": "partner", "Dependents": "dependents",
            "PhoneService": "phone_service", "PaperlessBilling": "paperless_billing"}
categories = {"gender": "gender", "MultipleLines": "multiple_lines",
              "InternetService": "internet_service", "OnlineSecurity": "online_security",
              "OnlineBackup": "online_backup", "DeviceProtection": "device_protection",
              "TechSupport": "tech_support", "StreamingTV": "streaming_tv",
              "StreamingMovies": "streaming_movies", "Contract": "contract",
              "PaymentMethod": "payment_method"}


def columns(skip=()):
    """[(feature, level, values on the original scale, center, scale)]"""
    terms = []
    for old, new in numbers.items():
        if new in skip:
            continue
        value = raw[old].to_numpy(float)
        missing = np.isnan(value)
        mean, deviation = value[~missing].mean(), value[~missing].std()
        terms.append((new, None, np.where(missing, mean, value), mean, deviation))
        if missing.any():
            terms.append((new, "(missing)", missing.astype(float), 0.0, 1.0))
    for old, new in booleans.items():
        if new not in skip:
            terms.append((new, None, raw[old].isin(["Yes", 1]).to_numpy(float), 0.0, 1.0))
    for old, new in categories.items():
        if new in skip:
            continue
        counts = raw[old].value_counts()
        levels = sorted(counts.index, key=lambda level: (-counts[level], level))
        for level in levels[1:]:
            terms.append((new, level, (raw[old] == level).to_numpy(float), 0.0, 1.0))
    return terms


def show(name, terms, rows, errors=None):
    """rows: (class or None, encoded coefficients, intercept)"""
    for label, weights, intercept in rows:
        for i, (feature, level, _, center, scale) in enumerate(terms):
            out.writerow((name, feature, level, label, f"{weights[i] / scale:.15g}",
                          None if errors is None else f"{errors[i] / scale:.15g}"))
        constant = intercept - sum(w * t[3] / t[4] for w, t in zip(weights, terms))
        out.writerow((name, "(intercept)", None, label, f"{constant:.15g}", None))


def matrix(terms):
    return np.column_stack([(t[2] - t[3]) / t[4] for t in terms])


# logistic, l2 = 1
churned = (raw["Churn"] == "Yes").to_numpy(float)
terms = columns()
fit = LogisticRegression(C=1.0, solver="newton-cholesky", tol=1e-14, max_iter=200).fit(matrix(terms), churned)
show("logistic, l2 = 1", terms, [(None, fit.coef_[0], fit.intercept_[0])])

# logistic without a penalty, on columns that do not depend on each other
apart = ("phone_service", "online_security", "online_backup", "device_protection", "tech_support",
         "streaming_tv", "streaming_movies", "total_charges", "monthly_charges")
terms = columns(apart)
glm = sm.GLM(churned, sm.add_constant(matrix(terms)), family=sm.families.Binomial()).fit(tol=1e-14, maxiter=100)
show("logistic without a penalty", terms, [(None, glm.params[1:], glm.params[0])], glm.bse[1:])

# softmax, l2 = 2: the contract
apart = ("contract", "total_charges")
terms = columns(apart)
fit = LogisticRegression(C=0.5, solver="newton-cg", multi_class="multinomial", tol=1e-9, max_iter=10000)
fit.fit(matrix(terms), raw["Contract"])
# only differences of intercepts are determined: let them add up to zero
fit.intercept_ -= fit.intercept_.mean()
show("softmax, l2 = 2", terms, [(c, fit.coef_[k], fit.intercept_[k]) for k, c in enumerate(fit.classes_)])

# linear, l2 = 10: the monthly charges
terms = columns(("monthly_charges", "total_charges"))
fit = Ridge(alpha=10.0, solver="cholesky").fit(matrix(terms), raw["MonthlyCharges"])
show("linear, l2 = 10", terms, [(None, fit.coef_, fit.intercept_)])

# poisson, l2 = 5: months as a customer (scikit-learn divides the loss by the rows)
terms = columns(("tenure", "total_charges"))
fit = PoissonRegressor(alpha=5.0 / len(raw), solver="newton-cholesky", tol=1e-13, max_iter=1000).fit(matrix(terms), raw["tenure"])
show("poisson, l2 = 5", terms, [(None, fit.coef_, fit.intercept_)])
