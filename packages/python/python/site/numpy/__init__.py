"""As much of numpy as the metrics of task files use: arrays of one axis in pure Python. Anything else is refused where it is used."""

import builtins
import math

import numpy_random
from saeval_missing import Missing

__version__ = "2.0.0"
nan = NaN = NAN = math.nan
inf = Inf = math.inf
pi = math.pi
e = math.e
str_ = str


class _Scalar:
    """What numpy's numbers have beyond Python's."""

    def astype(self, kind):
        return kind(self.item())

    def tolist(self):
        return self.item()


class bool_(_Scalar):
    """A truth value; with another one, + is "or" and * is "and". As in numpy it is no int, so that its own + decides."""

    def __init__(self, value=False):
        self._value = builtins.bool(value)

    def item(self):
        return self._value

    def __bool__(self):
        return self._value

    def __int__(self):
        return int(self._value)

    __index__ = __int__

    def __float__(self):
        return float(self._value)

    def __repr__(self):
        return repr(self._value)

    def __hash__(self):
        return hash(self._value)

    def __eq__(self, other):
        return bool_(self._value == _plain(other))

    def __lt__(self, other):
        return self._value < other

    def __gt__(self, other):
        return self._value > other

    def __add__(self, other):
        return bool_(self._value or other) if isinstance(other, (builtins.bool, bool_)) else int(self) + other

    def __mul__(self, other):
        return bool_(self._value and other) if isinstance(other, (builtins.bool, bool_)) else int(self) * other

    __radd__, __rmul__ = __add__, __mul__

    def __sub__(self, other):
        return int(self) - other

    def __rsub__(self, other):
        return other - int(self)

    def __truediv__(self, other):
        return int(self) / other

    def __and__(self, other):
        return bool_(self._value and other)

    def __or__(self, other):
        return bool_(self._value or other)

    __rand__, __ror__ = __and__, __or__

    def __invert__(self):
        return bool_(not self._value)


class float64(_Scalar, float):
    def item(self):
        return float(self)

    __repr__ = float.__repr__
    __hash__ = float.__hash__

    def __eq__(self, other):
        return bool_(float(self) == other)


class int64(_Scalar, int):
    def item(self):
        return int(self)

    __repr__ = int.__repr__
    __hash__ = int.__hash__

    def __eq__(self, other):
        return bool_(int(self) == other)

    def __ne__(self, other):
        return bool_(int(self) != other)


float16 = float32 = float_ = floating = float64
int8 = int16 = int32 = int_ = integer = int64


class ndarray:
    """Numbers in a row."""

    def __init__(self, items):
        self._items = items
        if any(isinstance(item, (list, tuple, ndarray)) for item in items):
            Missing("numpy arrays of more than one axis")()

    @property
    def shape(self):
        return (len(self._items),)

    @property
    def size(self):
        return len(self._items)

    ndim = 1

    def __len__(self):
        return len(self._items)

    def __iter__(self):
        return iter(self._items)

    def __getitem__(self, key):
        if isinstance(key, slice):
            return ndarray(self._items[key])
        if isinstance(key, (list, ndarray)):
            keys = list(key)
            if keys and isinstance(keys[0], bool):
                return ndarray([item for item, kept in zip(self._items, keys) if kept])
            return ndarray([self._items[index] for index in keys])
        return self._items[key]

    def __setitem__(self, key, value):
        self._items[key] = value

    def tolist(self):
        return list(self._items)

    def astype(self, kind):
        return ndarray([_plain(kind(item)) for item in self._items])

    def __repr__(self):
        return f"array({self._items!r})"

    def __bool__(self):
        if len(self._items) != 1:
            raise ValueError("The truth value of an array with more than one element is ambiguous. Use a.any() or a.all()")
        return bool(self._items[0])

    def _with(self, other, operate):
        if isinstance(other, (ndarray, list, tuple)):
            others = list(other)
            if len(others) != len(self._items):
                raise ValueError(f"operands could not be broadcast together with shapes ({len(self)},) ({len(others)},)")
            return ndarray([operate(a, b) for a, b in zip(self._items, others)])
        return ndarray([operate(a, other) for a in self._items])

    def __add__(self, other):
        return self._with(other, lambda a, b: a + b)

    __radd__ = __add__

    def __sub__(self, other):
        return self._with(other, lambda a, b: a - b)

    def __rsub__(self, other):
        return self._with(other, lambda a, b: b - a)

    def __mul__(self, other):
        return self._with(other, lambda a, b: a * b)

    __rmul__ = __mul__

    def __truediv__(self, other):
        return self._with(other, _divide)

    def __rtruediv__(self, other):
        return self._with(other, lambda a, b: _divide(b, a))

    def __pow__(self, other):
        return self._with(other, lambda a, b: a**b)

    def __neg__(self):
        return ndarray([-item for item in self._items])

    def __abs__(self):
        return ndarray([builtins.abs(item) for item in self._items])

    def __eq__(self, other):
        return self._with(other, lambda a, b: a == b)

    def __ne__(self, other):
        return self._with(other, lambda a, b: a != b)

    def __lt__(self, other):
        return self._with(other, lambda a, b: a < b)

    def __le__(self, other):
        return self._with(other, lambda a, b: a <= b)

    def __gt__(self, other):
        return self._with(other, lambda a, b: a > b)

    def __ge__(self, other):
        return self._with(other, lambda a, b: a >= b)

    __hash__ = None

    def sum(self):
        return sum(self)

    def mean(self):
        return mean(self)

    def max(self):
        return builtins.max(self._items)

    def min(self):
        return builtins.min(self._items)

    def argmax(self):
        return argmax(self)

    def argmin(self):
        return argmin(self)

    def argsort(self):
        return argsort(self)

    def all(self):
        return builtins.all(self._items)

    def any(self):
        return builtins.any(self._items)

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return Missing(f"numpy.ndarray.{name}")


def _divide(a, b):
    if b == 0:
        return nan if a == 0 or a != a else math.copysign(inf, a) * math.copysign(1, b)
    return a / b


def _plain(value):
    return value.item() if isinstance(value, _Scalar) else value


def _items(values):
    """All numbers of lists in lists: without an axis numpy takes them in one row."""
    if not hasattr(values, "__iter__") or isinstance(values, str):
        return [values]
    return [item for value in values for item in _items(value)]


def _pairwise(items):
    """numpy's order of summing: eight running sums up to 128 numbers, halves above."""
    n = len(items)
    if n < 8:
        total = 0.0 if any(isinstance(item, float) for item in items) else 0
        for item in items:
            total = total + item
        return total
    if n <= 128:
        sums = items[:8]
        whole = n - n % 8
        for start in range(8, whole, 8):
            sums = [a + b for a, b in zip(sums, items[start : start + 8])]
        total = ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]))
        for item in items[whole:]:
            total = total + item
        return total
    half = n // 2
    half -= half % 8
    return _pairwise(items[:half]) + _pairwise(items[half:])


def array(values, dtype=None, copy=True):
    if not hasattr(values, "__iter__") or isinstance(values, str):
        return values
    items = [_plain(item) for item in values]
    if any(isinstance(item, float) for item in items) and all(isinstance(item, (int, float)) for item in items):
        items = [float(item) for item in items]
    result = ndarray(items)
    return result.astype(dtype) if dtype is not None else result


asarray = array


def arange(*args):
    return ndarray(list(range(*args)))


def zeros(n, dtype=float):
    return ndarray([dtype(0)] * n)


def ones(n, dtype=float):
    return ndarray([dtype(1)] * n)


def sum(values):
    return _pairwise(_items(values))


def prod(values):
    return math.prod(_items(values))


def mean(values):
    items = _items(values)
    return float64(_pairwise(items) / len(items)) if items else float64(nan)


average = mean


def median(values):
    items = sorted(_items(values))
    middle = len(items) // 2
    return float(items[middle]) if len(items) % 2 else (items[middle - 1] + items[middle]) / 2


def std(values, ddof=0):
    items = _items(values)
    center = mean(items)
    return math.sqrt(_pairwise([(item - center) ** 2 for item in items]) / (len(items) - ddof))


def max(values):
    return builtins.max(_items(values))


def min(values):
    return builtins.min(_items(values))


amax, amin = max, min


def _numbers(values):
    return [item for item in _items(values) if item == item]


def nanmean(values):
    return mean(_numbers(values)) if _numbers(values) else nan


def nansum(values):
    return sum(_numbers(values))


def nanmax(values):
    return builtins.max(_numbers(values), default=nan)


def nanmin(values):
    return builtins.min(_numbers(values), default=nan)


def argmax(values):
    items = _items(values)
    for index, item in enumerate(items):
        if item != item:
            return int64(index)
    return int64(items.index(builtins.max(items)))


def argmin(values):
    items = _items(values)
    return int64(items.index(builtins.min(items)))


def argsort(values):
    items = _items(values)
    return ndarray(sorted(range(len(items)), key=items.__getitem__))


def all(values):
    return builtins.all(_items(values))


def any(values):
    return builtins.any(_items(values))


def _each(function):
    def apply(values):
        if hasattr(values, "__iter__"):
            return ndarray([_plain(function(item)) for item in values])
        return function(values)

    return apply


def _exp(x):
    try:
        return math.exp(x)
    except OverflowError:
        return inf


def _log(x):
    return -inf if x == 0 else nan if x < 0 else math.log(x)


exp = _each(_exp)
log = _each(_log)
log2 = _each(lambda x: -inf if x == 0 else math.log2(x))
log1p = _each(math.log1p)
sqrt = _each(math.sqrt)
abs = absolute = _each(builtins.abs)
isnan = _each(lambda x: x != x)
isfinite = _each(math.isfinite)
floor = _each(lambda x: float(math.floor(x)))
ceil = _each(lambda x: float(math.ceil(x)))


def round(values, decimals=0):
    # numpy scales, rounds to even, and scales back
    scale = 10.0**decimals
    return _each(lambda x: float64(builtins.round(x * scale) / scale))(values)


around = round


class random:
    seed = staticmethod(numpy_random.seed_global)
    random = staticmethod(lambda: numpy_random._global.random())

    def __getattr__(self, name):
        return Missing(f"numpy.random.{name}")


random = random()


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return Missing(f"numpy.{name}")
