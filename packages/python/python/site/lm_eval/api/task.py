"""Tasks written as Python classes can be imported, not run."""


class Task:
    def __init__(self, *_args, **_keywords):
        raise NotImplementedError("tasks written as a Python class cannot be run")


class ConfigurableTask(Task):
    pass
