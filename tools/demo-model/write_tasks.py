"""Writes one multiple-choice task per domain, and the group of all, as lm-evaluation-harness reads them."""

import json
import pathlib

from texts import task_documents

TASK = """\
include: _demo_default_yaml
task: demo_{name}
dataset_kwargs:
  data_files:
    test: examples/demo/tasks/{name}.jsonl
"""
DEFAULT = """\
# The data files are found from the folder that saeval is called in, as everywhere in the `datasets` library.
dataset_path: json
output_type: multiple_choice
test_split: test
doc_to_text: "Question: {{question}}\\nAnswer:"
doc_to_target: answer
doc_to_choice: choices
metric_list:
  - metric: acc
    aggregation: mean
    higher_is_better: true
metadata:
  version: 1.0
"""
GROUP = """\
group: demo
task:
{tasks}
aggregate_metric_list:
  - metric: acc
    weight_by_size: true
metadata:
  version: 1.0
"""


STORIES = """\
# Is the story about a dog? What its opening introduces ("a little beagle named Max") is looked up among the kinds of dog.
task: demo_stories
dataset_path: json
dataset_kwargs:
  data_files:
    test: examples/demo/tasks/stories.jsonl
output_type: generate_until
test_split: test
doc_to_text: "{{opening}}"
doc_to_target: dogs
generation_kwargs:
  do_sample: true
  temperature: 0.7
  max_gen_toks: 64
  until: ["\\n"]
filter_list:
  - name: main_character
    filter:
      - function: regex
        regex_pattern: "^ an? \\\\w+ (\\\\w+)"
        fallback: nobody
      - function: map
        default_value: others
        mapping_dict:
{kinds}
      - function: take_first
metric_list:
  - metric: exact_match
    aggregation: mean
    higher_is_better: true
metadata:
  version: 1.0
"""
STORY_OPENINGS = ["Once upon a time there was", "Long ago there was", "This is the story of"]
STORIES_COUNT = 99


def write_tasks(world, folder: pathlib.Path, seed: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "_demo_default_yaml").write_text(DEFAULT)
    for domain in world:
        lines = [json.dumps(doc) + "\n" for doc in task_documents(domain, seed)]
        (folder / f"{domain.name}.jsonl").write_text("".join(lines))
        (folder / f"demo_{domain.name}.yaml").write_text(TASK.format(name=domain.name))
    (folder / "_demo.yaml").write_text(GROUP.format(tasks="\n".join(f"  - demo_{domain.name}" for domain in world)))

    dogs = next(domain for domain in world if domain.name == "dogs")
    kinds = "\n".join(f"          {member}: dogs" for member in dogs.members)
    (folder / "demo_stories.yaml").write_text(STORIES.replace("{kinds}", kinds))
    openings = [STORY_OPENINGS[index % len(STORY_OPENINGS)] for index in range(STORIES_COUNT)]
    (folder / "stories.jsonl").write_text("".join(json.dumps({"opening": opening}) + "\n" for opening in openings))
    members = {domain.name: domain.members for domain in world}
    (folder.parent / "members.json").write_text(json.dumps(members) + "\n")
