"""`transformers` has only the metrics of SQuAD here; tokenizers and models are refused where they are used."""

from saeval_missing import Missing


def __getattr__(name):
    if name.startswith("__") or name == "data":
        raise AttributeError(name)
    return Missing(f"transformers.{name}")
