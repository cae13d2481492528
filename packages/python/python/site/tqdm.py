"""Progress bars that show nothing."""


def tqdm(iterable=None, *_args, **_keywords):
    return iterable


trange = range
