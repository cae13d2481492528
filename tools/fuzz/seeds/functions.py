import re
from functools import partial


def clean(text, width=3):
    text = re.sub(r"\s+", " ", text.strip())
    return text[:width].center(8) if text else ""


def process(dataset):
    def one(doc):
        return {"text": clean(doc["text"]), "label": (doc["label"] + 1) % 2, "n": sum(i * i for i in range(4))}

    return dataset.map(one).filter(lambda doc: doc["label"] in [0, 1])
