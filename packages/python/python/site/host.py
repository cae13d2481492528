"""The Python side of saeval's task functions: texts of JSON in, texts of JSON out, no object crosses into JavaScript."""

import base64
import datetime
import decimal
import functools
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import inspect
import json
import linecache
import operator
import os
import sys
import time
import traceback
import warnings

from saeval_missing import Missing, MissingModule, MissingPackage

warnings.simplefilter("ignore")

functions = []  # what JavaScript has asked for, by number
objects = []  # results that JSON cannot hold, by number


# --- values -----------------------------------------------------------------------------------------------------------------------


LARGE = 1 << 53
plain = {str, bool, type(None)}
exact = False  # whether an answer holds what JavaScript's own JSON would not read as it is: floats, large numbers, keys of digits


def pack(value):
    """A value as JSON can say it; anything else becomes a ticket with which it is found again when it comes back."""
    global exact
    kind = type(value)
    if kind in plain:
        return value
    if kind is int:
        exact = exact or not -LARGE < value < LARGE
        return value
    if kind is list:
        return [item if type(item) in plain else pack(item) for item in value]
    if hasattr(value, "tolist"):  # numbers and arrays of numpy
        value = value.tolist()
    if value is None or isinstance(value, (bool, int, float, str)):
        exact = True
        return value
    if isinstance(value, (list, tuple)):
        return [pack(item) for item in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        exact = exact or any(key[:1].isdigit() for key in value)
        return {str(key): item if type(item) in plain else pack(item) for key, item in value.items()}
    if inspect.isgenerator(value) or isinstance(value, (map, filter, zip)):
        return [pack(item) for item in value]
    wire = to_wire(value)
    if wire is not None:
        return {"__python_value__": wire}
    objects.append(value)
    return {"__python_object__": len(objects) - 1, "repr": repr(value)[:200]}


def unpack(value):
    if isinstance(value, list):
        return [unpack(item) for item in value]
    if isinstance(value, dict):
        if "__python_object__" in value:
            return objects[value["__python_object__"]]
        if "__python_value__" in value:
            return from_wire(*value["__python_value__"])
        return {key: unpack(item) for key, item in value.items()}
    return value


EPOCH = datetime.datetime(1970, 1, 1)
MICROSECOND = datetime.timedelta(microseconds=1)


def to_wire(value):
    """Dates, bytes and Decimals as src/json/wire.ts reads them; None for other values."""
    kind = type(value)
    if kind is bytes:
        return ["bytes", base64.b64encode(value).decode()]
    if kind is decimal.Decimal and value.is_finite():
        return ["decimal", str(value)]
    if kind is datetime.timedelta:
        return ["timedelta", str(value // MICROSECOND)]
    if kind is datetime.date or (kind is datetime.time and value.tzinfo is None):
        return [kind.__name__, value.isoformat()]
    if kind is not datetime.datetime:
        return None
    if value.tzinfo is None:
        return ["datetime", str((value - EPOCH) // MICROSECOND), None]
    zone = getattr(value.tzinfo, "key", None) or value.strftime("%:z")
    return ["datetime", str((value - EPOCH.replace(tzinfo=datetime.timezone.utc)) // MICROSECOND), zone]


def from_wire(kind, text, zone=None):
    if kind == "dict":  # with keys that are no texts
        return {unpack(key): unpack(item) for key, item in text}
    if kind == "bytes":
        return base64.b64decode(text)
    if kind == "decimal":
        return decimal.Decimal(text)
    if kind == "timedelta":
        return datetime.timedelta(microseconds=int(text))
    if kind in ("date", "time"):
        return getattr(datetime, kind).fromisoformat(text)
    moment = EPOCH + datetime.timedelta(microseconds=int(text))
    return moment if zone is None else moment.replace(tzinfo=datetime.timezone.utc).astimezone(zone_of(zone))


def zone_of(zone):
    import zoneinfo

    if zone[0] in "+-":
        sign = -1 if zone[0] == "-" else 1
        return datetime.timezone(sign * datetime.timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6])))
    try:
        return zoneinfo.ZoneInfo(zone)
    except zoneinfo.ZoneInfoNotFoundError:
        if zone == "UTC":
            return datetime.timezone.utc
        raise MissingPackage(f"tzdata for the time zone {zone}") from None


# --- modules ----------------------------------------------------------------------------------------------------------------------

absent = set()  # packages that a module being loaded has asked for in vain


class AbsentPackages(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Stands in for packages that are not there, so that a module loads and fails only where it uses one."""

    def find_spec(self, name, path=None, target=None):
        return importlib.machinery.ModuleSpec(name, self, is_package=True) if name.split(".")[0] in absent else None

    def create_module(self, spec):
        return MissingModule(spec.name)

    def exec_module(self, module):
        pass


sys.meta_path.append(AbsentPackages())


def missing_module(error):
    """The package whose absence is behind an error, or None."""
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, ModuleNotFoundError) and error.name and not error.name.startswith("lm_eval"):
            return error.name.split(".")[0]
        error = error.__cause__ or error.__context__
    return None


def load_module(name, path):
    """A task's Python file as a module, executed once; relative imports see the folders of the task tree as packages."""
    module = sys.modules.get(name)
    if module is not None and getattr(module, "__file__", None) == path:
        return module
    try:
        for _ in range(30):
            spec = importlib.util.spec_from_file_location(name, path)
            module = importlib.util.module_from_spec(spec)
            sys.modules[name] = module
            try:
                spec.loader.exec_module(module)
                return module
            except Exception as error:
                sys.modules.pop(name, None)
                package = missing_module(error)
                if package is None or package in absent:
                    raise
                absent.add(package)
        raise ImportError(f"{path} asks for too many packages that are not there")
    except BaseException:
        sys.modules.pop(name, None)
        raise
    finally:
        for package in absent:
            for known in [key for key in sys.modules if key.split(".")[0] == package]:
                del sys.modules[known]
        absent.clear()


def source_of(function):
    try:
        return inspect.getsource(function)
    except (OSError, TypeError):
        return None


def load(path, module, name):
    import lm_eval.tasks

    lm_eval.tasks.__path__ = [f"/tasks/{root}" for root in sorted(os.listdir("/tasks"))]
    importlib.invalidate_caches()
    function = getattr(load_module(module, path), name)
    if isinstance(function, Missing):
        raise MissingPackage(function._saeval_path)
    functions.append(function)
    return {"function": len(functions) - 1, "source": source_of(function), "missing": missing_packages(function)}


def missing_packages(function):
    """Packages that are not there and that a function, or what it calls of its module's names, mentions."""
    found, seen, todo = [], set(), [function]
    while todo:
        item = todo.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, Missing):
            found.append(item._saeval_path)
        elif isinstance(item, MissingModule):
            found.append(item.__name__)
        elif isinstance(item, functools.partial):
            todo.append(item.func)
        elif inspect.isclass(item) and item.__module__.startswith("lm_eval.tasks"):
            todo += [value for value in vars(item).values() if inspect.isfunction(value)]
        elif inspect.isfunction(item) and item.__module__ and item.__module__.startswith("lm_eval.tasks"):
            names = names_in(item.__code__)
            todo += [item.__globals__[name] for name in names if name in item.__globals__]
    return found


def names_in(code):
    nested = [constant for constant in code.co_consts if inspect.iscode(constant)]
    return set(code.co_names).union(*(names_in(part) for part in nested))


# --- calls ------------------------------------------------------------------------------------------------------------------------


def call(function, use, args, keywords):
    target = functions[function]
    if use == "filter":
        if inspect.isclass(target) or not inspect.isfunction(target):
            return target(**keywords).apply(*args)
        return target(*args, **keywords)
    if use == "process_results":
        # answers of the model are tuples of a number and a truth value where they are log-likelihoods
        args = [args[0], [tuple(item) if isinstance(item, list) and _is_scored(item) else item for item in args[1]]]
    return target(*args, **keywords)


def _is_scored(item):
    return len(item) == 2 and isinstance(item[0], float) and isinstance(item[1], bool)


def process_docs(function, columns, values, labels):
    from datasets import Dataset

    rows = [dict(zip(columns, row)) for row in zip(*values)]
    return table(functions[function](Dataset._of(columns, rows, labels)), dict(zip(columns, values)))


def same(old, new):
    """Whether a column has still the very values that it came with."""
    return len(old) == len(new) and all(
        a is b or (type(a) is list is type(b) and len(a) == len(b) and all(map(operator.is_, a, b))) for a, b in zip(old, new)
    )


def table(split, given={}):
    """A dataset by columns: its values, or None where they are those of the column of this name that was given."""
    from datasets import Dataset

    if isinstance(split, (list, tuple)):
        split = Dataset.from_list(list(split))
    if isinstance(split, dict) and all(isinstance(value, list) for value in split.values()):
        split = Dataset.from_dict(split)
    if not isinstance(split, Dataset):
        raise TypeError(f"process_docs returned a {type(split).__name__}, not a dataset")
    columns = {name: [row[name] for row in split._rows] for name in split.column_names}
    values = [None if name in given and same(given[name], column) else column for name, column in columns.items()]
    return {"columns": split.column_names, "length": len(split), "values": values}


def custom_dataset(function, keywords):
    splits = functions[function](**keywords)
    return {str(name): table(split) for name, split in splits.items()}


# --- the door ---------------------------------------------------------------------------------------------------------------------


def failure(error):
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename.startswith("/tasks/")]
    where = f"{own[-1].filename}:{own[-1].lineno}" if own else None
    if isinstance(error, SyntaxError) and error.filename:
        where = f"{error.filename}:{error.lineno}"
    package = error.package if isinstance(error, MissingPackage) else None
    return {"error": type(error).__name__, "message": str(error), "where": where, "package": package}


def answer(operation, arguments):
    try:
        return {"value": pack(operations[operation](**arguments))}
    except MemoryError:
        return {"error": "MemoryError", "message": "it needs more memory than Python functions of tasks have", **NOWHERE}
    except BaseException as error:
        return failure(error)


NOWHERE = {"where": None, "package": None}


operations = {"load": load, "call": call, "process_docs": process_docs, "custom_dataset": custom_dataset}

waiting = []  # questions that are still to be answered, the next one last
marked = False


def ask():
    """Reads the questions in /question, JSON of [operation, arguments] each; their number."""
    global marked
    with open("/question", "rb") as file:
        text = file.read()
    marked = b'"__python_' in text
    waiting[:] = reversed(json.loads(text))
    linecache.checkcache()
    return len(waiting)


def turn():
    """Answers the next question: JSON, after a letter that says whether it is exact."""
    global exact
    exact = False
    name, arguments = waiting.pop()
    said = json.dumps(answer(name, unpack(arguments) if marked else arguments))
    return ("e" if exact else "p") + said


# --- the start ---------------------------------------------------------------------------------------------------------------------


def import_common():
    """Imports what most task files import, so that it is in the memory that is kept."""
    import ast, collections, copy, dataclasses, enum, itertools, math, pathlib, random, re, socket, string, typing  # noqa: E401, F401

    import datasets, evaluate, lm_eval.api.registry, lm_eval.filters.extraction, lm_eval.utils, numpy, tqdm  # noqa: E401, F401

    import_builtin()


def draw_anew():
    """Random numbers of a Python that goes on from a kept memory must not be those of every other one."""
    import random

    random.seed()


# --- walls ------------------------------------------------------------------------------------------------------------------------

CLOSED = ("js", "pyodide_js", "pyodide", "_pyodide", "_pyodide_core", "ctypes", "_ctypes", "_socket", "gc", "micropip")


def is_closed(name):
    return isinstance(name, str) and name.split(".")[0] in CLOSED


def import_builtin():
    """Imports every module of the interpreter itself, so that none needs to be made later."""
    for name in sys.builtin_module_names:
        if not is_closed(name):
            importlib.import_module(name)


def close_doors():
    """
    Takes away the ways from Python into JavaScript, to memory and to the network; there is no real file system to take away. What is
    behind these doors is realm.js, which has walls of its own.
    """
    import _imp
    import asyncio
    import posix
    import socket
    from gc import get_objects

    def no_processes(*_args, **_keywords):
        raise PermissionError("Python functions of tasks can start no processes")

    def no_network(*_args, **_keywords):
        raise PermissionError("Python functions of tasks have no network")

    def no_modules(*_args, **_keywords):
        raise ImportError("this module is not available to Python functions of tasks")

    os.system = posix.system = os.popen = no_processes

    class NoSocket:
        __init__ = no_network

    for name in ("create_connection", "create_server", "getaddrinfo", "gethostbyname", "socketpair"):
        setattr(socket, name, no_network)
    socket.socket = socket.SocketType = NoSocket
    _imp.create_builtin = _imp.create_dynamic = no_modules
    asyncio.events._set_running_loop(None)
    asyncio.events._event_loop_policy = None
    sys.meta_path[:] = [finder for finder in sys.meta_path if not is_closed(finder.__module__)]
    gone = set()  # closed modules and their functions, by identity
    for name in [*sys.modules, *CLOSED]:
        if is_closed(name):
            module, sys.modules[name] = sys.modules.get(name), None
            held = getattr(module, "__dict__", {})
            if module is not None:
                gone.add(id(module))
            gone.update(id(value) for value in held.values() if type(value) is type(len) and value.__self__ is module)
            held.clear()
    types = set(types_of_javascript(object, set()))
    for holder in get_objects():
        if type(holder) is dict:
            values = holder.values()
            if not (gone.isdisjoint(map(id, values)) and types.isdisjoint(map(type, values))):
                for key in [key for key, value in holder.items() if id(value) in gone or type(value) in types]:
                    del holder[key]


def types_of_javascript(parent, seen):
    """The types whose objects are or make objects of JavaScript."""
    for kind in type.__subclasses__(parent):
        if kind not in seen:
            seen.add(kind)
            if type(kind).__name__ == "_JsProxyMetaClass" or kind.__name__ in ("JsFinder", "Py2JsConverter", "Js2PyConverter"):
                yield kind
            yield from types_of_javascript(kind, seen)
