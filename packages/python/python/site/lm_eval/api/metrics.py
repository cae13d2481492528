"""Metrics of lm_eval that task files import."""

import math


def mean(arr):
    return sum(arr) / len(arr)


def median(arr):
    return sorted(arr)[len(arr) // 2]


def weighted_mean(items):
    values, weights = zip(*items)
    return sum(values) / sum(weights)


def perplexity(items):
    return math.exp(-mean(items))


def metric_max_over_ground_truths(metric_fn, prediction, ground_truths):
    return max(metric_fn(prediction, truth) for truth in ground_truths)
