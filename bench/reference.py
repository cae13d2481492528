"""What the benchmarks compare with, through torch: python reference.py JOB.json, which is {"kind", "model", "threads", ...}.

kind lm_eval: log-likelihoods of "requests" [[context, continuation], ...] by lm_eval's `hf` model where lm_eval can be imported, else by
lm_eval's batches replayed: one request for each distinct input, sorted by length, batches of "batch_size", padded, logits at every
position, log-softmax over the continuation. kind generate: transformers' generate on "prompts", "new_tokens" each, in "batch_size"s.
Prints one JSON line with the seconds that the work alone took.
"""

import json
import sys
import time

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

job = json.load(open(sys.argv[1]))
if job.get("threads"):
    torch.set_num_threads(job["threads"])
torch.set_grad_enabled(False)
tokenizer = AutoTokenizer.from_pretrained(job["model"])
model = AutoModelForCausalLM.from_pretrained(job["model"], dtype=torch.float32).eval()


def batches(items, size):
    return [items[start : start + size] for start in range(0, len(items), size)]


def replay():
    inputs = {}
    for context, continuation in job["requests"]:
        stripped = context.rstrip()
        context_ids = tokenizer.encode(stripped)
        whole = tokenizer.encode(context + continuation)
        targets = whole[len(context_ids) :]
        # answers of one token after one context are read from one row, as lm_eval does
        inputs.setdefault(tuple(whole[:-1]), []).append(targets)
    ordered = sorted(inputs.items(), key=lambda item: -len(item[0]))
    tokens, done, total = 0, 0, sum(len(ids) for ids, _ in ordered)
    started = time.perf_counter()
    sums = []
    chosen = batches(ordered, job["batch_size"])
    # a part of equally spread batches stands for the whole where time is short
    step = max(1, len(chosen) // job["most_batches"]) if job.get("most_batches") else 1
    for batch in chosen[::step]:
        longest = len(batch[0][0])
        ids = torch.zeros(len(batch), longest, dtype=torch.long)
        for row, (input_ids, _) in enumerate(batch):
            ids[row, : len(input_ids)] = torch.tensor(input_ids)
        logits = torch.nn.functional.log_softmax(model(ids).logits, dim=-1, dtype=torch.float32)
        for row, (input_ids, continuations) in enumerate(batch):
            done += len(input_ids)
            for targets in continuations:
                part = logits[row, len(input_ids) - len(targets) : len(input_ids)]
                index = torch.tensor(targets).unsqueeze(-1)
                greedy = (part.argmax(-1) == index.squeeze(-1)).all()
                sums.append((float(part.gather(1, index).sum()), bool(greedy)))
        tokens += ids.numel()
    seconds = time.perf_counter() - started
    return {"by": "lm_eval's batches through transformers", "seconds": seconds * total / done, "share": done / total, "tokens": tokens}


def lm_eval():
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM

    lm = HFLM(pretrained=model, tokenizer=tokenizer, batch_size=job["batch_size"], device="cpu")
    requests = [Instance("loglikelihood", {}, tuple(pair), index) for index, pair in enumerate(job["requests"])]
    started = time.perf_counter()
    lm.loglikelihood(requests, disable_tqdm=True)
    return {"by": "lm_eval", "seconds": time.perf_counter() - started, "share": 1}


def generate():
    tokenizer.padding_side = "left"
    tokenizer.pad_token = tokenizer.eos_token
    started = time.perf_counter()
    written = 0
    for batch in batches(job["prompts"], job["batch_size"]):
        given = tokenizer(batch, return_tensors="pt", padding=True)
        out = model.generate(
            **given, max_new_tokens=job["new_tokens"], min_new_tokens=job["new_tokens"], do_sample=False, pad_token_id=0
        )
        written += (out.shape[1] - given.input_ids.shape[1]) * len(batch)
    seconds = time.perf_counter() - started
    return {"by": "transformers generate", "seconds": seconds, "tokens": written}


model(torch.tensor([[1, 2, 3]]))
before = time.process_time()
if job["kind"] == "generate":
    result = generate()
else:
    try:
        import lm_eval as _  # noqa: F401

        result = lm_eval()
    except ImportError:
        result = replay()
result["cpu"] = (time.process_time() - before) / result.get("share", 1)
print(json.dumps(result))
