"""Writes golden/*.jsonl beside this file: small odd files, and the rows that datasets makes of them as Python prints them.

    python tools/dataset-rows/make.py csv|json|parquet [folder of the goldens]

Each line is {"name", "format", "kwargs", "files": {split: [base64, ...]}, "split"} with either "rows" (repr of each row), "texts" (str of each
cell) and "hashes" (lm_eval's doc_hash), or "error". Made with datasets 5.0.1, pandas 3.0.6, pyarrow 25.0.1.
"""

import base64
import hashlib
import json
import os
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"
import datasets

from cases import cases

datasets.disable_progress_bars()
datasets.logging.set_verbosity(50)


def doc_hash(row):
    # as lm_eval/evaluator.py and utils.py have it
    dumped = json.dumps(row, indent=2, default=str, ensure_ascii=False)
    return hashlib.sha256(dumped.encode("utf-8", "surrogatepass")).hexdigest()


def reading(fmt, files, split, kwargs):
    endings = {"csv": "csv", "json": "jsonl", "parquet": "parquet", "text": "txt"}
    with tempfile.TemporaryDirectory() as folder:
        paths = {}
        for name, contents in files.items():
            for index, content in enumerate(contents):
                path = os.path.join(folder, f"{name}{index}.{endings[fmt]}")
                with open(path, "wb") as file:
                    file.write(content)
                paths.setdefault(name, []).append(path)
        try:
            loaded = datasets.load_dataset(fmt, data_files=paths, cache_dir=os.path.join(folder, "cache"), **kwargs)
            rows = [dict(row) for row in loaded[split]]
        except Exception as error:
            cause = error.__cause__ or error
            return {"error": f"{type(cause).__name__}: {cause}".split("\n")[0][:160]}
        return {
            "rows": [repr(row) for row in rows],
            "texts": [[str(value) for value in row.values()] for row in rows],
            "hashes": [doc_hash(row) for row in rows],
        }


def main(fmt, folder):
    with open(os.path.join(folder, f"{fmt}.jsonl"), "w") as out:
        for name, files, kwargs in cases(fmt):
            split = next(reversed(files))
            stored = {key: [base64.b64encode(part).decode() for part in parts] for key, parts in files.items()}
            line = {"name": name, "format": fmt, "kwargs": kwargs, "files": stored, "split": split}
            out.write(json.dumps({**line, **reading(fmt, files, split, kwargs)}) + "\n")
            out.flush()


if __name__ == "__main__":
    here = os.path.dirname(os.path.abspath(__file__))
    main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else os.path.join(here, "golden"))
