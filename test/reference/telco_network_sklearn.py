#!/usr/bin/python3
"""Reference figures for test/pgtap/neural_network.sql, by scikit-learn.

Run by hand, never by make check; the argument is a file of the held-out keys,
    psql -Atc 'SELECT customer_id FROM customers WHERE cvm.held_out(customer_id)'
The columns are those of test/data/telco.sql, standardized by the training rows.
Prints the mean AUC and log loss of five seeds on the held-out customers, for
networks of 64 and 32 hidden units and for logistic regression.
"""
import sys
import warnings

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.neural_network import MLPClassifier

warnings.simplefilter("ignore")
raw = pd.read_csv("test/data/telco_churn.csv")
held_out = raw["customerID"].isin(open(sys.argv[1]).read().split()).to_numpy()
churned = (raw.pop("Churn") == "Yes").to_numpy()
raw.pop("customerID")
raw["TotalCharges"] = pd.to_numeric(raw["TotalCharges"], errors="coerce")
numbers = ["tenure", "MonthlyCharges", "TotalCharges"]
table = pd.get_dummies(raw.fillna(raw[~held_out].mean(numeric_only=True))).astype(float)
training = table[~held_out]
table[numbers] = (table[numbers] - training[numbers].mean()) / training[numbers].std()
x = table.to_numpy()


def figures(models):
    predictions = [model.fit(x[~held_out], churned[~held_out]).predict_proba(x[held_out])[:, 1]
                   for model in models]
    return (np.mean([roc_auc_score(churned[held_out], p) for p in predictions]),
            np.mean([log_loss(churned[held_out], p) for p in predictions]))


print("MLPClassifier       auc %.4f  log_loss %.4f" % figures(
    MLPClassifier((64, 32), early_stopping=True, random_state=seed) for seed in range(5)))
print("LogisticRegression  auc %.4f  log_loss %.4f" % figures([LogisticRegression(max_iter=1000)]))
