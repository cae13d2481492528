"""The filters that task files derive their own from."""

import re
import sys
import unicodedata

from lm_eval.api.filter import Filter

__all__ = ["Filter", "MultiChoiceRegexFilter", "RegexFilter", "WhitespaceFilter"]


def _first(found, group_select):
    """The chosen match; of several groups the first that is not empty; None where all are empty."""
    chosen = found[group_select]
    if isinstance(chosen, tuple):
        chosen = next((part for part in chosen if part), None)
    return chosen


class RegexFilter(Filter):
    def __init__(self, regex_pattern=r"#### (\-?[0-9\.\,]+)", group_select=0, fallback="[invalid]"):
        self.regex_pattern = regex_pattern
        self.regex = re.compile(regex_pattern)
        self.group_select = group_select
        self.fallback = fallback

    def apply(self, resps, docs):
        return [[self._extract(resp) for resp in answers] for answers in resps]

    def _extract(self, resp):
        found = self.regex.findall(resp if isinstance(resp, str) else "")
        if not found:
            return self.fallback
        chosen = _first(found, self.group_select)
        return (self.fallback if chosen is None else chosen).strip()


class WhitespaceFilter(Filter):
    def apply(self, resps, docs):
        return [[resp.strip() for resp in answers] for answers in resps]


class MultiChoiceRegexFilter(RegexFilter):
    def __init__(
        self,
        regex_pattern=r"#### (\-?[0-9\.\,]+)",
        group_select=0,
        fallback="[invalid]",
        ignore_case=False,
        ignore_punctuation=False,
        regexes_to_ignore=None,
    ):
        super().__init__(regex_pattern, group_select, fallback)
        self.ignore_case = ignore_case
        self.ignore_punctuation = ignore_punctuation
        self.regexes_to_ignore = regexes_to_ignore

    def _cleaned(self, text):
        for pattern in self.regexes_to_ignore or []:
            text = re.sub(pattern, "", text)
        if self.ignore_case:
            text = text.lower()
        return text.translate(_punctuation()) if self.ignore_punctuation else text

    def _match(self, pattern, resp, convert):
        found = pattern.findall(resp if isinstance(resp, str) else "")
        if not found:
            return ""
        chosen = (_first(found, self.group_select) or "").strip()
        return convert.get(chosen, chosen)

    def apply(self, resps, docs):
        return [[self._choice(resp, doc["choices"]) for resp in answers] for answers, doc in zip(resps, docs, strict=True)]

    def _choice(self, resp, choices):
        letters = [chr(ord("A") + index) for index in range(len(choices))]
        texts = [self._cleaned(choice.strip()) for choice in choices]
        longest_first = sorted((re.escape(text) for text in texts), key=len, reverse=True)
        return (
            self._match(self.regex, resp, {})
            or self._match(re.compile("|".join(longest_first)), self._cleaned(resp), dict(zip(texts, (f"({x})" for x in letters))))
            or self._match(re.compile(rf":[\s]*({'|'.join(letters)})"), resp, {letter: f"({letter})" for letter in letters})
            or self.fallback
        )


_table = {}


def _punctuation():
    if not _table:
        codes = (code for code in range(sys.maxunicode) if unicodedata.category(chr(code)).startswith("P"))
        _table.update(dict.fromkeys(codes))
    return _table
