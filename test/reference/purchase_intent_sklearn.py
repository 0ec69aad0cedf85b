"""The purchase-intent example of doc/guide.md in scikit-learn.

Reads the customers of the guide, exported with the column held_out:

    \\copy (SELECT *, cvm.held_out(customer_id, 0.2, 42) FROM customers
        WHERE customer_id <= 10000) TO 'customers.csv' WITH (FORMAT csv, HEADER)

and prints the figures that stand in the guide.
"""
import sys

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, brier_score_loss, confusion_matrix, log_loss, roc_auc_score
from sklearn.preprocessing import OneHotEncoder, StandardScaler

NUMBERS = ["age", "income", "buying_frequency"]
CATEGORIES = ["gender", "brand_preference"]

customers = pd.read_csv(sys.argv[1])
training = customers[customers.held_out == "f"]
held_out = customers[customers.held_out == "t"]
most_frequent = [training[column].mode()[0] for column in CATEGORIES]
scaler = StandardScaler().fit(training[NUMBERS])
encoder = OneHotEncoder(drop=most_frequent, sparse_output=False).fit(training[CATEGORIES])


def features(rows):
    return np.hstack([scaler.transform(rows[NUMBERS]), encoder.transform(rows[CATEGORIES])])


model = LogisticRegression(C=1, tol=1e-12, max_iter=1000)
model.fit(features(training), training.purchase_intent == "t")
truth = held_out.purchase_intent == "t"
probability = model.predict_proba(features(held_out))[:, 1]
print("rows      %d, held out %d" % (len(training), len(held_out)))
print("accuracy  %.6f" % accuracy_score(truth, probability > 0.5))
print("auc       %.6f" % roc_auc_score(truth, probability))
print("log_loss  %.6f" % log_loss(truth, probability))
print("brier     %.6f" % brier_score_loss(truth, probability))
print("confusion", confusion_matrix(truth, probability > 0.5).tolist())
