"""One request of lm_eval, for tasks written as classes."""


class Instance:
    def __init__(self, request_type=None, doc=None, arguments=None, idx=None, **keywords):
        self.request_type, self.doc, self.arguments, self.idx = request_type, doc, arguments, idx
        self.__dict__.update(keywords)
