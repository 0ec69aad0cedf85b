#!/usr/bin/python3
"""Reference figures for test/pgtap/trees.sql, by scikit-learn and XGBoost.

Run by hand, never by make check:
    python3 test/reference/trees_peers.py
Mean AUC over five folds; the fold of a row is (7919 n mod 10007) mod 5, n its
number from 1.  Categories are codes that the algorithm knows to be categories
(HistGradientBoosting, XGBoost's hist), or indicators (RandomForest).  All boost
100 trees of 31 leaves, the best leaf first, at a rate of 0.1 with l2 = 1.
"""
import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.metrics import roc_auc_score
from xgboost import XGBClassifier

DATA = "test/data/"


def sets():
    bank = pd.read_csv(DATA + "bank-additional-full.csv.gz", sep=";").drop(columns="duration")
    yield "bank", bank.drop(columns="y"), (bank.y == "yes").astype(int)
    adult = pd.read_csv(DATA + "adult.data.gz", header=None, skipinitialspace=True)
    adult.columns = [f"c{i}" for i in adult.columns]
    yield "adult", adult.drop(columns="c14"), (adult.c14 == ">50K").astype(int)
    churn = pd.read_csv(DATA + "iranian_churn.csv.gz")
    yield "churn", churn.drop(columns="Churn"), churn.Churn


def folds(model, features, target):
    number = np.arange(1, len(target) + 1)
    fold = number * 7919 % 10007 % 5
    figures = []
    for k in range(5):
        model.fit(features[fold != k], target[fold != k])
        scores = model.predict_proba(features[fold == k])[:, 1]
        figures.append(roc_auc_score(target[fold == k], scores))
    return np.mean(figures)


for name, features, target in sets():
    codes = features.copy()
    categories = [codes[c].dtype == object for c in codes.columns]
    for column, category in zip(codes.columns, categories):
        if category:
            codes[column] = codes[column].astype("category").cat.codes
    boosting = HistGradientBoostingClassifier(
        max_iter=100, l2_regularization=1, early_stopping=False,
        categorical_features=categories, random_state=0)
    print(name, "boosted_trees", round(folds(boosting, codes, target), 5))
    for column, category in zip(codes.columns, categories):
        if category:
            codes[column] = codes[column].astype("category")
    hist = XGBClassifier(
        n_estimators=100, tree_method="hist", grow_policy="lossguide", max_leaves=31, max_depth=0,
        max_bin=256, learning_rate=0.1, reg_lambda=1, enable_categorical=True, n_jobs=1)
    print(name, "XGBoost hist", round(folds(hist, codes, target), 5))
    forest = RandomForestClassifier(100, random_state=0)
    print(name, "random_forest", round(folds(forest, pd.get_dummies(features), target), 5))
