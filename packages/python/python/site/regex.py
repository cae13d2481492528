"""The package `regex`, by way of Python's own `re`; patterns that only `regex` understands are refused by `re`."""

from re import *  # noqa: F403
from re import error  # noqa: F401
