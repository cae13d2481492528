"""SQuAD's exact match and F1 (Rajpurkar et al., 2016): answers without case, punctuation, articles and doubled spaces."""

import collections
import re
import string

_punctuation = set(string.punctuation)


def normalize_answer(s):
    bare = "".join(character for character in s.lower() if character not in _punctuation)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", bare, flags=re.UNICODE).split())


def get_tokens(s):
    return normalize_answer(s).split() if s else []


def compute_exact(a_gold, a_pred):
    return int(normalize_answer(a_gold) == normalize_answer(a_pred))


def compute_f1(a_gold, a_pred):
    gold, predicted = get_tokens(a_gold), get_tokens(a_pred)
    if not gold or not predicted:
        return int(gold == predicted)
    common = (collections.Counter(gold) & collections.Counter(predicted)).total()
    if common == 0:
        return 0
    precision, recall = common / len(predicted), common / len(gold)
    return 2 * precision * recall / (precision + recall)
