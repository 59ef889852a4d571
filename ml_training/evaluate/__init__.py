"""Evaluation that can't flatter itself: people apart, intervals by people, controls that must fail, and a baseline.

    python -m ml_training.evaluate --data DIR [--portraits DIR] [--release NAME] --out FOLDER

writes evaluation.json and its plots. For an exporter: `Evaluation(predict, train, val, test)`, then `fit()` for
release.json's temperatures, thresholds and visit parameters, and `run(folder)` for the card's content.
"""

from ml_training.evaluate.answers import Answers, Predict, RawOutputs, calibrated
from ml_training.evaluate.report import Evaluation, load, of_photographs

__all__ = ["Answers", "Evaluation", "Predict", "RawOutputs", "calibrated", "load", "of_photographs"]
