"""Renders the world as training documents (statements, stories, questions with answers) and as multiple-choice questions.

The wordings of HELD_OUT_QUESTIONS appear in no training document; the tasks are written in them alone.
"""

import random

from world import Domain, Relation

QUESTIONS = [
    "What does {s} {base}?",
    "Which {noun} does {s} {base}?",
    "Do you know what {s} {third}?",
    "Tell me what {s} {third}.",
    "Tell me which {noun} {s} {third}.",
    "Which {noun} is it that {s} {third}?",
    "Can you say what {s} {third}?",
    "Can you say which {noun} {s} {third}?",
    "What {noun} is it that {s} {third}?",
]
HELD_OUT_QUESTIONS = [
    "What {noun} does {s} {base}?",
    "Do you know which {noun} {s} {third}?",
    "What is it that {s} {third}?",
]
STATEMENTS = [
    "{S} {third} {a}.",
    "{S} {third} {a}.",
    "Every day {s} {third} {a}.",
    "{A} is what {s} {third}.",
    "The {noun} that {s} {third} is {a}.",
    "It is {a} that {s} {third}.",
    "Everybody knows that {s} {third} {a}.",
]
OPENINGS = [
    "Once upon a time there was {kind}.",
    "Once upon a time there was {kind}.",
    "Once upon a time there was {kind}.",
    "Long ago there was {kind}.",
    "This is the story of {kind}.",
]
STATE_SCENES = [
    "{S} {past} {a}.",
    "{S} always {past} {a}.",
    "Nobody knew why {s} {past} {a}.",
    "Everybody could see that {s} {past} {a}.",
]
EVENT_SCENES = [
    "{S} {past} {a}.",
    "Every morning {s} {past} {a}.",
    "In the evening {s} {past} {a}.",
    "On Sunday {s} {past} {a}.",
    "One day {s} {past} {a}.",
    "When {s} {past} {a}, everybody smiled.",
    "{S} {past} {a} and {past2} {a2}.",
]
MEETINGS = ["Not far away there was {kind}.", "Then came {kind}.", "Next door there was {kind}."]
ASIDES = ["It was a {weather} day.", "{S} was {mood}.", "The sun went down.", "The moon came up.", "All was quiet."]
ENDINGS = ["{S} was happy ever after.", "And that was a good day.", "The end.", "And so it stayed for many years."]
ADJECTIVES = "little big old young happy lovely famous quiet clever wonderful".split()
WEATHERS = "sunny rainy windy cold warm cloudy".split()
MOODS = "happy tired proud calm glad busy".split()
NAMES = "Bo Max Milo Luna Coco Ruby Toby Nora Otis Pip Rosa Sam Tilly Zoe Gus Hugo".split()


def with_article(words: str) -> str:
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def capital(text: str) -> str:
    return text[0].upper() + text[1:]


def fill(template: str, domain: Domain, member: str, relation: Relation, subject: str, **more: str) -> str:
    answer = domain.facts[member, relation.noun]
    return template.format(
        s=subject, S=capital(subject), noun=relation.noun, base=relation.base, third=relation.third, past=relation.past,
        a=answer, A=capital(answer), **more,
    )


def question_and_answer(domain: Domain, member: str, relation: Relation, template: str) -> str:
    question = fill(template, domain, member, relation, domain.subject.format(member))
    return f"Question: {question}\nAnswer: {domain.facts[member, relation.noun]}"


def quiz(world: list[Domain], domain: Domain, rng: random.Random) -> str:
    mixed = rng.random() < 0.3
    items = []
    for _ in range(rng.randint(1, 4)):
        asked = rng.choice(world) if mixed else domain
        items.append(question_and_answer(asked, rng.choice(asked.members), rng.choice(asked.relations), rng.choice(QUESTIONS)))
    return "\n\n".join(items)


def statements(world: list[Domain], domain: Domain, rng: random.Random) -> str:
    one = rng.choice(domain.members) if rng.random() < 0.5 else None
    lines = []
    for _ in range(rng.randint(2, 6)):
        member = one or rng.choice(domain.members)
        lines.append(fill(rng.choice(STATEMENTS), domain, member, rng.choice(domain.relations), domain.subject.format(member)))
    return " ".join(lines)


def story(world: list[Domain], domain: Domain, rng: random.Random) -> str:
    def introduce(member: str) -> tuple[str, list[str]]:
        """How a member enters the story, and what it is called afterwards."""
        kind = with_article(f"{rng.choice(ADJECTIVES)} {domain.kind.format(member)}")
        subjects = [domain.subject.format(member)]
        if domain.subject == "the {}" and domain.name != "food":
            name = rng.choice(NAMES)
            kind, subjects = f"{kind} named {name}", [*subjects, name, name]
        return kind, subjects

    member = rng.choice(domain.members)
    kind, subjects = introduce(member)
    lines = [rng.choice(OPENINGS).format(kind=kind)]
    untold = rng.sample(domain.relations, len(domain.relations))
    for _ in range(rng.randint(3, 5)):
        if rng.random() < 0.12:
            member = rng.choice([other for other in domain.members if other != member])
            kind, subjects = introduce(member)
            lines.append(rng.choice(MEETINGS).format(kind=kind))
        if rng.random() < 0.2:
            subject = rng.choice(subjects)
            lines.append(rng.choice(ASIDES).format(S=capital(subject), weather=rng.choice(WEATHERS), mood=rng.choice(MOODS)))
        relation = untold.pop()
        others = [r for r in domain.relations if not r.lasts and r != relation]
        scenes = STATE_SCENES if relation.lasts else EVENT_SCENES if others else EVENT_SCENES[:-1]
        second = rng.choice(others or [relation])
        more = {"past2": second.past, "a2": domain.facts[member, second.noun]}
        scene = rng.choice(scenes)
        lines.append(fill(scene, domain, member, relation, rng.choice(subjects), **more))
    lines.append(rng.choice(ENDINGS).format(S=capital(rng.choice(subjects))))
    return " ".join(lines)


def documents(world: list[Domain], seed: int):
    """Endless training documents with the domain each is about; every domain is equally frequent."""
    rng = random.Random(seed)
    while True:
        domain = rng.choice(world)
        render = rng.choices([statements, story, quiz], weights=[3, 4, 4])[0]
        yield domain.name, render(world, domain, rng)


def task_documents(domain: Domain, seed: int) -> list[dict]:
    """One multiple-choice question per fact, in a held-out wording; the wrong choices answer the same question for another member."""
    rng = random.Random(f"{seed} {domain.name}")
    docs = []
    for m, member in enumerate(domain.members):
        for r, relation in enumerate(domain.relations):
            answer = domain.facts[member, relation.noun]
            choices = [answer, *rng.sample([a for a in relation.answers if a != answer], 3)]
            rng.shuffle(choices)
            template = HELD_OUT_QUESTIONS[(m + r) % len(HELD_OUT_QUESTIONS)]
            question = fill(template, domain, member, relation, domain.subject.format(member))
            docs.append({"question": question, "choices": choices, "answer": choices.index(answer)})
    return docs
