"""Stand-ins for Python packages that are not there: they may be imported, named and annotated with, but not used."""

import types


class MissingPackage(BaseException):
    """Something of a package that is not there was used; no `except Exception` of a task hides it."""

    def __init__(self, path):
        super().__init__(f"needs {path}, which is not available")
        self.package = path


class Missing:
    """A name inside a package that is not there."""

    def __init__(self, path):
        self._saeval_path = path

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Missing(f"{self._saeval_path}.{name}")

    def __call__(self, *_args, **_keywords):
        raise MissingPackage(self._saeval_path)

    def __iter__(self):
        raise MissingPackage(self._saeval_path)

    def __bool__(self):
        raise MissingPackage(self._saeval_path)

    def __getitem__(self, _key):
        return self

    def __or__(self, _other):
        return self

    __ror__ = __or__

    def __instancecheck__(self, _value):
        return False

    def __mro_entries__(self, _bases):
        path = self._saeval_path

        class Unusable:
            def __init__(self, *_args, **_keywords):
                raise MissingPackage(path)

        return (Unusable,)


class MissingModule(types.ModuleType):
    """A package that is not there."""

    __all__ = ()

    def __init__(self, name):
        super().__init__(name)
        self.__path__ = []
        self.__version__ = "0"

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Missing(f"{self.__name__}.{name}")
