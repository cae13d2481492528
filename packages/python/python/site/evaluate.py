"""Hugging Face's `evaluate`: the metrics that need nothing else."""

from saeval_missing import Missing, MissingPackage
from sklearn import metrics


class _Metric:
    def __init__(self, name):
        self.name = name

    def compute(self, predictions=None, references=None, **keywords):
        if self.name == "accuracy":
            return {"accuracy": float(metrics.accuracy_score(references, predictions, **keywords))}
        if self.name == "f1":
            return {"f1": metrics.f1_score(references, predictions, **keywords)}
        raise MissingPackage(f'evaluate.load("{self.name}")')


def load(path, *_args, **_keywords):
    return _Metric(path)


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return Missing(f"evaluate.{name}")
