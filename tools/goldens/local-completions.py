"""Writes what lm_eval 0.4.13's local-completions sends and makes of the answers, for packages/lm-backend-openai/src/goldens.test.ts.

Usage: python local-completions.py ../../examples/demo/model > ../../packages/lm-backend-openai/src/lm-eval.golden.json
The server answers as `properly` of fake-server.testing.ts.
"""

import importlib.machinery
import json
import sys
import threading
import types
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# lm_eval's only use of it is to try again
tenacity = types.ModuleType("tenacity")
tenacity.__spec__ = importlib.machinery.ModuleSpec("tenacity", None)
tenacity.RetryError = type("RetryError", (Exception,), {})
tenacity.retry = lambda **_: lambda function: function
tenacity.stop_after_attempt = tenacity.wait_exponential = lambda *_, **__: None
sys.modules["tenacity"] = tenacity

from lm_eval.api.instance import Instance
from lm_eval.models.openai_completions import LocalCompletionsAPI

calls = []


def logprob(before, token):
    return -(((before * 31 + token * 17) % 97) + 1) / 10


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        calls.append(body)
        choices = []
        for index, prompt in enumerate(body["prompt"]):
            ids = [*prompt, 7]
            each = [None, *(logprob(before, token) for before, token in zip(ids, ids[1:]))]
            top = [None if value is None else {"own": value, "other": -99 if token % 2 == 0 else -0.01} for value, token in zip(each, ids)]
            choices.append({"index": index, "text": str(len(prompt)), "logprobs": {"token_logprobs": each, "top_logprobs": top}})
        answer = json.dumps({"choices": choices}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
pairs = [["The dog ate", " a bone"], ["The cat sat on ", " the mat"], ["", " a bone"], ["Tom had a dog. " * 8, "The dog barked"], ["A\n", " x"]]
texts = ["The dog ate a bone and the cat sat on the mat. " * 5, "Tom"]
contexts = ["The dog", "Tom had a dog. " * 8]
cases = []
for arguments in [{"custom_prefix_token_id": 5}, {"add_bos_token": True, "seed": 3}]:
    arguments = {"max_length": 24, **arguments}
    calls.clear()
    model = LocalCompletionsAPI(
        base_url=f"http://127.0.0.1:{server.server_port}/v1/completions",
        model="m",
        tokenizer=sys.argv[1],
        tokenizer_backend="huggingface",
        **arguments,
    )
    instances = lambda kind, items: [Instance(kind, {}, tuple(item), index) for index, item in enumerate(items)]
    kwargs = {"until": ["|", "x"], "max_gen_toks": 9, "temperature": 0.0, "do_sample": False}
    scores = model.loglikelihood(instances("loglikelihood", pairs), disable_tqdm=True)
    rolling = model.loglikelihood_rolling(instances("loglikelihood_rolling", [[text] for text in texts]), disable_tqdm=True)
    written = model.generate_until(instances("generate_until", [[context, dict(kwargs)] for context in contexts]), disable_tqdm=True)
    cases.append({"arguments": arguments, "calls": list(calls), "scores": scores, "rolling": rolling, "written": written})
json.dump({"pairs": pairs, "texts": texts, "contexts": contexts, "cases": cases}, sys.stdout)
