"""Helpers of lm_eval that task files import."""

import itertools
import logging
import re

import numpy as np

eval_logger = logging.getLogger("lm_eval")


def weighted_f1_score(items):
    from sklearn.metrics import f1_score

    golds, predictions = zip(*items, strict=True)
    return f1_score(golds, predictions, average="weighted")


_spacing = (("n't", " n't"), (")", " )"), ("(", "( "), ('"', '" '), ('"', ' "'))


def general_detokenize(string):
    for joined, apart in _spacing:
        string = string.replace(apart, joined)
    return re.sub(r" (['.,])", r"\1", string)


def softmax(x):
    weights = np.exp(x - np.max(x))
    return weights / weights.sum()


def sanitize_list(sub):
    if isinstance(sub, list):
        return [sanitize_list(item) for item in sub]
    if isinstance(sub, tuple):
        return tuple(sanitize_list(item) for item in sub)
    return str(sub)


def join_iters(iters):
    return itertools.chain.from_iterable(iters)
