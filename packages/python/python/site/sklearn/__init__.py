"""The metrics of scikit-learn that task files use."""

from saeval_missing import Missing


def __getattr__(name):
    if name.startswith("__") or name == "metrics":
        raise AttributeError(name)
    return Missing(f"sklearn.{name}")
