"""Accuracy, precision, recall, F1 and Matthews' correlation of labels, by their definitions and scikit-learn's rules."""

import math

from saeval_missing import Missing


def accuracy_score(y_true, y_pred, normalize=True, sample_weight=None):
    if sample_weight is not None:
        Missing("sklearn.metrics.accuracy_score(sample_weight)")()
    pairs = _pairs(y_true, y_pred)
    right = sum(a == b for a, b in pairs)
    return right / len(pairs) if normalize else float(right)


def precision_score(y_true, y_pred, **keywords):
    return _score(y_true, y_pred, 0, **keywords)


def recall_score(y_true, y_pred, **keywords):
    return _score(y_true, y_pred, 1, **keywords)


def f1_score(y_true, y_pred, **keywords):
    return _score(y_true, y_pred, 2, **keywords)


def matthews_corrcoef(y_true, y_pred):
    pairs = _pairs(y_true, y_pred)
    labels = _labels(pairs)
    n = len(pairs)
    correct = sum(a == b for a, b in pairs)
    true = [sum(a == label for a, _ in pairs) for label in labels]
    predicted = [sum(b == label for _, b in pairs) for label in labels]
    covariance = correct * n - sum(t * p for t, p in zip(true, predicted))
    spread = (n * n - sum(p * p for p in predicted)) * (n * n - sum(t * t for t in true))
    return covariance / math.sqrt(spread) if spread else 0.0


def _pairs(y_true, y_pred):
    true, predicted = list(y_true), list(y_pred)
    if len(true) != len(predicted):
        raise ValueError(f"Found input variables with inconsistent numbers of samples: [{len(true)}, {len(predicted)}]")
    return list(zip(true, predicted))


def _labels(pairs):
    return sorted({value for pair in pairs for value in pair})


def _divide(a, b, zero):
    return a / b if b else zero


def _score(y_true, y_pred, which, *, labels=None, pos_label=1, average="binary", sample_weight=None, zero_division="warn"):
    if sample_weight is not None:
        Missing("sklearn.metrics with sample_weight")()
    zero = 0.0 if zero_division == "warn" else float(zero_division)
    pairs = _pairs(y_true, y_pred)
    known = _labels(pairs)
    if average == "binary":
        if len(known) > 2:
            raise ValueError("Target is multiclass but average='binary'. Please choose another average setting.")
        if pos_label not in known and len(known) == 2:
            raise ValueError(f"pos_label={pos_label} is not a valid label. It should be one of {known}")
        known = [pos_label]
    elif labels is not None:
        known = list(labels)
    counts = []
    for label in known:
        hits = sum(a == label == b for a, b in pairs)
        counts.append((hits, sum(b == label for _, b in pairs), sum(a == label for a, _ in pairs)))
    if average == "micro":
        counts = [tuple(sum(column) for column in zip(*counts))]
    scores = []
    for hits, predicted, true in counts:
        values = (_divide(hits, predicted, zero), _divide(hits, true, zero), _divide(2 * hits, predicted + true, zero))
        scores.append(values[which])
    if average is None:
        return scores
    if average in ("binary", "micro"):
        return float(scores[0])
    if average == "macro":
        return sum(scores) / len(scores)
    if average == "weighted":
        weights = [true for _, _, true in counts]
        total = sum(weights)
        return sum(score * weight for score, weight in zip(scores, weights)) / total if total else zero
    raise ValueError(f"average={average!r} is not supported")


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return Missing(f"sklearn.metrics.{name}")
