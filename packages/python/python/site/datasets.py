"""As much of Hugging Face's `datasets` as task files use: tables of documents in memory, with Arrow's idea of what a column is."""

import itertools
import math

import numpy_random
from saeval_missing import Missing, MissingPackage


class Value:
    def __init__(self, dtype="string", id=None):
        self.dtype = dtype


class Sequence:
    def __init__(self, feature=None, length=-1, id=None):
        self.feature = feature


List = LargeList = Sequence


class ClassLabel:
    dtype = "int64"

    def __init__(self, num_classes=None, names=None, names_file=None, id=None):
        self.names = list(names) if names is not None else [str(i) for i in range(num_classes or 0)]
        self.num_classes = len(self.names)

    def int2str(self, values):
        return self.names[values] if isinstance(values, int) else [self.names[value] for value in values]

    def str2int(self, values):
        return self.names.index(values) if isinstance(values, str) else [self.names.index(value) for value in values]


class Features(dict):
    pass


class Split(str):
    TRAIN = "train"
    TEST = "test"
    VALIDATION = "validation"


class DatasetDict(dict):
    def map(self, function=None, **keywords):
        return DatasetDict({name: split.map(function, **keywords) for name, split in self.items()})

    def filter(self, function=None, **keywords):
        return DatasetDict({name: split.filter(function, **keywords) for name, split in self.items()})


IterableDatasetDict = DatasetDict


# --- what a column does to its values ------------------------------------------------------------------------------------------------


def _shape(value, shape=None):
    """What is known of a column after one more value: None, a name of a type, ["list", of] or ["dict", {key: of}]."""
    if value is None:
        return shape
    if isinstance(value, (list, tuple)):
        inner = shape[1] if isinstance(shape, list) and shape[0] == "list" else None
        for item in value:
            inner = _shape(item, inner)
        return ["list", inner]
    if isinstance(value, dict):
        keys = dict(shape[1]) if isinstance(shape, list) and shape[0] == "dict" else {}
        for key, item in value.items():
            keys[key] = _shape(item, keys.get(key))
        return ["dict", keys]
    if isinstance(value, float) and not isinstance(value, bool):
        return "float"
    if isinstance(value, int) and not isinstance(value, bool):
        return shape if shape == "float" else "int"
    return type(value).__name__


def _fit(value, shape):
    """A value as the column's type holds it: ints among floats are floats, dicts have every key, tuples are lists."""
    if value is None or shape is None:
        return value
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(shape, list) and shape[0] == "list" and isinstance(value, (list, tuple)):
        return [_fit(item, shape[1]) for item in value]
    if isinstance(shape, list) and shape[0] == "dict" and isinstance(value, dict):
        return {key: _fit(value.get(key), of) for key, of in shape[1].items()}
    if shape == "float" and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value


_simple = ({str}, {str, type(None)}, {int}, {bool}, {float})


def _fits(values):
    """Whether a column's values are as they should be: of one simple type, or lists of texts."""
    kinds = set(map(type, values))
    return kinds in _simple or (kinds == {list} and set(map(type, itertools.chain.from_iterable(values))) <= {str})


def _plain(value):
    return value.tolist() if hasattr(value, "tolist") else value


def _columns_of(rows):
    return list(dict.fromkeys(key for row in rows for key in row))


class Dataset:
    """Documents in a table. Every method gives a new one."""

    def __init__(self, *_args, **_keywords):
        raise MissingPackage("datasets.Dataset()")

    @classmethod
    def _of(cls, columns, rows, labels=None):
        self = object.__new__(cls)
        self.column_names = list(columns)
        self._rows = rows
        self._labels = {name: names for name, names in (labels or {}).items() if name in self.column_names}
        self.info = self.split = None
        return self

    @classmethod
    def _typed(cls, columns, rows, labels=None, only=None):
        """A table of rows that may lack columns; `only` names the columns whose values are new."""
        shapes = {}
        for name in columns if only is None else only:
            if _fits([row.get(name) for row in rows]):
                continue
            shape = None
            for row in rows:
                shape = _shape(_plain(row.get(name)), shape)
            shapes[name] = shape
        return cls._of(columns, [{n: _fit(row.get(n), shapes.get(n)) for n in columns} for row in rows], labels)

    @classmethod
    def from_list(cls, mapping, features=None, info=None, split=None):
        # only the first document says which columns there are
        return cls._typed(list(mapping[0]) if mapping else [], mapping)

    @classmethod
    def from_dict(cls, mapping, features=None, info=None, split=None):
        length = len(next(iter(mapping.values()))) if mapping else 0
        return cls._typed(list(mapping), [{name: mapping[name][i] for name in mapping} for i in range(length)])

    @classmethod
    def from_generator(cls, generator, features=None, gen_kwargs=None, **_keywords):
        return cls.from_list(list(generator(**(gen_kwargs or {}))))

    # --- reading

    @property
    def features(self):
        def feature(name):
            if name in self._labels:
                return ClassLabel(names=self._labels[name])
            shape = None
            for row in self._rows[:1000]:
                shape = _shape(row.get(name), shape)
            return _feature(shape)

        return Features({name: feature(name) for name in self.column_names})

    @property
    def num_rows(self):
        return len(self._rows)

    @property
    def num_columns(self):
        return len(self.column_names)

    @property
    def shape(self):
        return (self.num_rows, self.num_columns)

    def __len__(self):
        return len(self._rows)

    def __iter__(self):
        return (_copy(row) for row in self._rows)

    def __getitem__(self, key):
        if isinstance(key, str):
            if key not in self.column_names:
                raise KeyError(f"Column {key} not in the dataset. Current columns in the dataset: {self.column_names}")
            return [_copy(row[key]) for row in self._rows]
        if isinstance(key, int):
            return _copy(self._rows[key])
        indices = range(len(self))[key] if isinstance(key, slice) else list(key)
        return {name: [_copy(self._rows[index][name]) for index in indices] for name in self.column_names}

    def iter(self, batch_size, drop_last_batch=False):
        for start in range(0, len(self), batch_size):
            if not drop_last_batch or start + batch_size <= len(self):
                yield self[start : start + batch_size]

    def to_list(self):
        return [_copy(row) for row in self._rows]

    def to_dict(self, **_keywords):
        return self[:]

    def unique(self, column):
        return list(dict.fromkeys(self[column]))

    # --- choosing rows

    def select(self, indices, **_keywords):
        return self._of(self.column_names, [self._rows[index] for index in indices], self._labels)

    def take(self, n):
        return self.select(range(min(n, len(self))))

    def skip(self, n):
        return self.select(range(min(n, len(self)), len(self)))

    def filter(
        self, function=None, with_indices=False, input_columns=None, batched=False, batch_size=1000, fn_kwargs=None, **_keywords
    ):
        columns = [input_columns] if isinstance(input_columns, str) else input_columns
        keywords = fn_kwargs or {}
        if function is None:
            function = lambda *_: True  # noqa: E731
        keep = []
        if batched:
            for start in range(0, len(self), batch_size or len(self)):
                batch = self[start : start + (batch_size or len(self))]
                args = [batch] if columns is None else [batch[name] for name in columns]
                indices = list(range(start, min(start + (batch_size or len(self)), len(self))))
                answers = function(*args, *([indices] if with_indices else []), **keywords)
                keep += [index for index, answer in zip(indices, answers) if answer]
        else:
            for index, row in enumerate(self):
                args = [row] if columns is None else [row[name] for name in columns]
                if function(*args, *([index] if with_indices else []), **keywords):
                    keep.append(index)
        return self.select(keep)

    def shuffle(self, seed=None, generator=None, **_keywords):
        if generator is not None:
            raise MissingPackage("numpy.random.Generator")
        return self.select(numpy_random.default_rng(seed).permutation(len(self)))

    def sort(self, column_names, reverse=False, null_placement="at_end", **_keywords):
        names = [column_names] if isinstance(column_names, str) else list(column_names)
        directions = [reverse] * len(names) if isinstance(reverse, bool) else list(reverse)
        order = list(range(len(self)))
        for name, backwards in reversed(list(zip(names, directions))):
            order.sort(key=lambda index: self._rows[index][name], reverse=backwards)
        return self.select(order)

    def shard(self, num_shards, index, contiguous=True, **_keywords):
        if not contiguous:
            return self.select(range(index, len(self), num_shards))
        size, rest = divmod(len(self), num_shards)
        start = size * index + min(index, rest)
        return self.select(range(start, start + size + (index < rest)))

    def train_test_split(self, test_size=None, train_size=None, shuffle=True, seed=None, **_keywords):
        n = len(self)
        if test_size is None and train_size is None:
            test_size = 0.25
        n_test = math.ceil(test_size * n) if isinstance(test_size, float) else test_size
        n_train = math.floor(train_size * n) if isinstance(train_size, float) else train_size
        n_train = n - n_test if n_train is None else n_train
        n_test = n - n_train if n_test is None else n_test
        if not shuffle:
            return DatasetDict(train=self.select(range(n_train)), test=self.select(range(n_train, n_train + n_test)))
        order = numpy_random.default_rng(seed).permutation(n)
        return DatasetDict(train=self.select(order[n_test : n_test + n_train]), test=self.select(order[:n_test]))

    # --- changing columns

    def map(
        self,
        function=None,
        with_indices=False,
        with_rank=False,
        input_columns=None,
        batched=False,
        batch_size=1000,
        remove_columns=None,
        fn_kwargs=None,
        features=None,
        **_keywords,
    ):
        if function is None:
            return self
        removed = [remove_columns] if isinstance(remove_columns, str) else list(remove_columns or [])
        columns = [input_columns] if isinstance(input_columns, str) else input_columns
        keywords = fn_kwargs or {}
        if not batched:
            rows, new = [], {}
            for index, row in enumerate(self):
                args = [row] if columns is None else [row[name] for name in columns]
                result = function(*args, *([index] if with_indices else []), *([0] if with_rank else []), **keywords)
                if result is None:
                    return self
                if not isinstance(result, dict):
                    raise TypeError(f"the function given to map returned a {type(result).__name__}, not a dict")
                kept = {name: value for name, value in row.items() if name not in removed or result is row}
                rows.append({**kept, **result})
                new.update(dict.fromkeys(rows[-1]))
            return self._typed(list(rows[0]) if rows else self.column_names, rows, self._kept_labels(rows))
        rows = []
        step = batch_size or max(1, len(self))
        names = None
        for start in range(0, len(self), step):
            batch = self[start : start + step]
            args = [batch] if columns is None else [batch[name] for name in columns]
            indices = list(range(start, min(start + step, len(self))))
            result = function(*args, *([indices] if with_indices else []), *([0] if with_rank else []), **keywords)
            if result is None:
                return self
            whole = {**{name: batch[name] for name in batch if name not in removed}, **dict(result)}
            lengths = {len(value) for value in whole.values()}
            if len(lengths) > 1:
                raise ValueError(f"the function given to map(batched=True) returned columns of different lengths: {sorted(lengths)}")
            names = names or list(whole)
            rows += [{name: whole[name][i] for name in whole} for i in range(lengths.pop() if lengths else 0)]
        return self._typed(names or self.column_names, rows, self._kept_labels(rows))

    def _kept_labels(self, rows):
        """A column of classes stays one while its values are whole numbers."""
        return {n: v for n, v in self._labels.items() if all(isinstance(r.get(n), (int, type(None))) for r in rows)}

    def add_column(self, name, column, **_keywords):
        if name in self.column_names:
            raise ValueError(f"column {name} is in the dataset already")
        rows = [{**row, name: _plain(value)} for row, value in zip(self._rows, column)]
        return self._typed([*self.column_names, name], rows, self._labels, [name])

    def add_item(self, item, **_keywords):
        return self._typed(self.column_names, [*self._rows, item], self._labels)

    def remove_columns(self, column_names, **_keywords):
        gone = [column_names] if isinstance(column_names, str) else list(column_names)
        for name in gone:
            if name not in self.column_names:
                raise ValueError(f"there is no column {name} in the dataset; there are {self.column_names}")
        return self.select_columns([name for name in self.column_names if name not in gone])

    def select_columns(self, column_names, **_keywords):
        names = [column_names] if isinstance(column_names, str) else list(column_names)
        return self._of(names, [{name: row[name] for name in names} for row in self._rows], self._labels)

    def rename_column(self, original_column_name, new_column_name, **_keywords):
        return self.rename_columns({original_column_name: new_column_name})

    def rename_columns(self, column_mapping, **_keywords):
        for name in column_mapping:
            if name not in self.column_names:
                raise ValueError(f"there is no column {name} in the dataset; there are {self.column_names}")
        to = [column_mapping.get(name, name) for name in self.column_names]
        rows = [dict(zip(to, (row[name] for name in self.column_names))) for row in self._rows]
        return self._of(to, rows, {column_mapping.get(name, name): names for name, names in self._labels.items()})

    def cast_column(self, column, feature, **_keywords):
        cast = _casts.get(getattr(feature, "dtype", None))
        if isinstance(feature, ClassLabel):
            cast = lambda value: feature.str2int(value) if isinstance(value, str) else value  # noqa: E731
        if cast is None:
            return self
        rows = [{**row, column: None if row[column] is None else cast(row[column])} for row in self._rows]
        labels = {**self._labels, column: feature.names} if isinstance(feature, ClassLabel) else self._labels
        return self._of(self.column_names, rows, labels)

    def cast(self, features, **_keywords):
        result = self
        for name, feature in features.items():
            result = result.cast_column(name, feature)
        return result

    def flatten(self, **_keywords):
        rows = []
        for row in self._rows:
            flat = {}
            for name, value in row.items():
                if isinstance(value, dict):
                    flat.update({f"{name}.{key}": item for key, item in value.items()})
                else:
                    flat[name] = value
            rows.append(flat)
        return self._typed(_columns_of(rows), rows)

    def with_format(self, *_args, **_keywords):
        return self

    def flatten_indices(self, **_keywords):
        return self

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        raise MissingPackage(f"datasets.Dataset.{name}")


IterableDataset = Dataset

_casts = {
    "string": str,
    "large_string": str,
    "bool": bool,
    **{name: int for name in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")},
    **{name: float for name in ("float16", "float32", "float64")},
}


def _feature(shape):
    if isinstance(shape, list) and shape[0] == "list":
        return Sequence(_feature(shape[1]))
    if isinstance(shape, list):
        return {name: _feature(of) for name, of in shape[1].items()}
    return Value({"int": "int64", "float": "float64", "str": "string", None: "null"}.get(shape, shape))


def _copy(value):
    """Tasks change documents in place; Arrow would give them fresh ones each time."""
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_copy(item) for item in value]
    return value


def concatenate_datasets(dsets, info=None, split=None, axis=0):
    if axis == 1:
        columns = [name for part in dsets for name in part.column_names]
        rows = [{k: v for row in parts for k, v in row.items()} for parts in zip(*(part._rows for part in dsets))]
        return Dataset._of(columns, rows)
    rows = [row for part in dsets for row in part._rows]
    return Dataset._typed(list(dict.fromkeys(n for part in dsets for n in part.column_names)), rows)


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return Missing(f"datasets.{name}")
