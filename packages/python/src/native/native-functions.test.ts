import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { FunctionReference } from '../functions/function-reference.js'
import { type FunctionUse, TaskFunctionError } from '../functions/task-function.js'
import { pythonFunctions } from '../pyodide/python-functions.js'
import { taskFunctions } from '../task-functions.js'
import { pyRepr } from '../text/text.js'
import { fromPlain, type PyDict, PyFloat, type PyValue } from '../values/value.js'
import { NativeFunctions } from './native-functions.js'
import { Unsupported } from './unsupported.js'

const root = temporaryFolder()
const native = new NativeFunctions([root])
const python = pythonFunctions([root])
const both = taskFunctions([root])
afterAll(async () => {
  await python.close()
  await both.close()
})

let files = 0
function written(code: string, name = 'f'): FunctionReference {
  const folder = join(root, `family${files++}`)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'utils.py'), code)
  return new FunctionReference(`utils.${name}`, folder)
}

/** What a call gives: the text of the value, or the class of the exception. */
async function outcome(call: () => PyValue | Promise<PyValue>): Promise<string> {
  try {
    return pyRepr(await call())
  } catch (error) {
    if (error instanceof TaskFunctionError) return error.exception
    throw error
  }
}

const doc = {
  q: ' Eine Frage?  ',
  options: ['a b', 'ç😀d', 'x'],
  answer: 'B',
  n: 3,
  score: 2.5,
  nested: { text: ['t', 'u'], none: null },
  list: "[{'a': [1, 2.5]}, 'x']",
}

describe('functions give what CPython gives', () => {
  it.each([
    ['f-strings', "return f\"{doc['q']!r}: {doc['score']} {doc['options']} {{{doc['n'] + 1}}}\""],
    [
      'formats',
      'return "{}. {} {1}{0}".replace("{1}{0}", "{}").format("A", doc["n"], doc["score"]) + "{0}{k}".format(1, k=2)',
    ],
    ['letters', 'return "".join([f"{chr(65 + i)}. {o}\\n" for i, o in enumerate(doc["options"])]) + "Answer:"'],
    [
      'indices',
      'return ["A", "B"].index(doc["answer"]), doc["options"][-1], doc["q"][::-1], doc["options"][1][1], doc["q"][1:-2]',
    ],
    [
      'conditions',
      'x = [] \n    if doc["n"] > 2 and not doc["nested"]["none"]: x += ["big"]\n    elif doc["n"]: x.append(1)\n    else: x = None\n    return x or "none"',
    ],
    [
      'chains of comparisons',
      'return 1 < doc["n"] <= 3 != 4, "B" in {"A", "B"}, doc["nested"]["none"] is None, 1 == 1.0 == True',
    ],
    [
      'loops',
      'out = ""\n    for i in range(5, 0, -2):\n        if i == 3: continue\n        out += str(i)\n    while len(out) < 6:\n        out += "x"\n        if out.count("x") == 3: break\n    return out',
    ],
    [
      'comprehensions',
      'return {k: [v for v in vs if v != "t"] for k, vs in doc["nested"].items() if vs}, [a + b for a in "xy" for b in "12"]',
    ],
    ['a range without steps', 'return list(range(3, 1, 0))'],
    ['division', 'return 7 // 2, -7 // 2, 7 % 3, -7 % 3, 7 / 2, 2 ** 5, 7.5 // 2, 1e3, -0.0'],
    ['sums', 'return sum([0.1] * 10), sum([1, 2]), max(3, 1), min([2.5, 1]), sum(x > 1 for x in [1, 2, 3])'],
    [
      'sorting',
      'return sorted(doc["options"], key=lambda o: (-len(o), o)), sorted([3, 1, 2], reverse=True), list(reversed([1, 2]))',
    ],
    [
      'texts',
      'return doc["q"].strip().lower().capitalize().split(" "), doc["q"].find("F"), "a,b,c".split(",", 1), "abc".removeprefix("a"), "a-b".partition("-")',
    ],
    ['lengths', 'return len(doc["options"][1]), len(doc["options"][1].encode("utf-8")), len(doc["nested"]), len("")'],
    [
      'regular expressions',
      'import_free = re.sub(r"\\s+", " ", doc["q"]); m = re.search(r"(F\\w+)", import_free)\n    return import_free, m.group(1), re.findall(r"(\\w)(\\w)", "abcd"), re.split(r",\\s*", "a, b,c"), re.match("x", "yx") is None',
    ],
    ['literals', 'return ast.literal_eval(doc["list"])'],
    [
      'nested functions',
      'def inner(x, y=doc["n"]):\n        return x * y\n    return [inner(2), inner(2, 5), (lambda z: z + 1)(1)]',
    ],
    [
      'unpacking',
      '(a, b), c = (1, 2), 3\n    first, second = zip(*[(1, "x"), (2, "y")])\n    return a + b + c, list(first), second[0]',
    ],
    ['changes of a document', 'doc["options"].pop(0)\n    doc["new"] = 1\n    del doc["q"]\n    return doc'],
    ['constants', 'return TABLE[doc["answer"]], NUMBERS[True], prefix("x")'],
    ['exceptions', 'try:\n        return doc["nope"]\n    except (KeyError, IndexError):\n        return "none"'],
    ['truth', 'return [bool(x) for x in ["", "a", 0, 0.0, [], {}, None, [0]]], any([0, 1]), all([])'],
    ['ints of texts', 'return int(" 12 "), int(-2.7), float("1e3"), str(1.0), round(2.5), round(3.5), abs(-2)'],
    [
      'isinstance',
      'return [isinstance(x, (str, int)) for x in ["a", 1, True, 1.5, None]], isinstance([], list), isinstance({}, dict)',
    ],
    ['a missing key', 'return doc["nope"]'],
    ['an index too large', 'return doc["options"][9]'],
    ['a value not there', 'return ["A"].index(doc["answer"])'],
    ['a failed assertion', 'assert doc["n"] == 4, "no"\n    return 1'],
    ['a raised exception', 'raise ValueError("bad")'],
    ['text and number', 'return "a" + doc["n"]'],
    ['None', 'return doc["nested"]["none"]["x"]'],
    ['no such number', 'return int("1x")'],
    ['nothing', 'pass'],
  ])('%s', async (_, body) => {
    const code = `import ast\nimport re\nfrom functools import partial\n\nTABLE = {"A": 0, "B": 1}\nNUMBERS = {1: "one", 2: "two"}\n\ndef base(a, b, c="!"):\n    """Text."""\n    return f"{b}{a}{c}"\n\nprefix = partial(base, b="<")\n\n\ndef f(doc):\n    # what it does\n    ${body}\n`
    const reference = written(code)
    const expected = await outcome(async () => (await python.resolve(reference, 'doc_to_text')).call([fromPlain(doc)]))
    const found = native.find(reference, 'doc_to_text')
    expect(await outcome(() => found.call([fromPlain(doc)]))).toBe(expected)
    expect(found.source).toBe((await python.resolve(reference, 'doc_to_text')).source)
  })

  const rows = [
    { subject: 'a b', label: 'x', n: 1, c: ['p'] },
    { subject: 'c', label: 'y', n: 2, c: [] },
    { subject: 'a b', label: 'z', n: 3, c: ['q', 'r'] },
  ]
  it.each([
    ['rows of a constant', 'def f(dataset):\n    return dataset.filter(lambda x: x["subject"] == "a b")'],
    [
      'rows of a bound constant',
      'from functools import partial\ndef keep(dataset, subject): return dataset.filter(lambda x: x["subject"] == subject)\nf = partial(keep, subject="c")',
    ],
    [
      'rows of a table',
      'from functools import partial\nNAMES = ["f", "A B"]\ndef keep(dataset, name): return dataset.filter(lambda x: x["subject"] == name.lower())\nglobals().update({f"{n.lower().replace(\' \', \'_\')}": partial(keep, name="A b") for n in NAMES})',
    ],
    [
      'new columns',
      'import datasets\ndef f(dataset: datasets.Dataset) -> datasets.Dataset:\n    def g(doc):\n        out = {"q": doc["subject"].upper(), "half": doc["n"] / 2 if doc["n"] > 1 else 0, "t": (doc["n"], None), "d": {doc["label"]: 1}}\n        return out\n    return dataset.map(g)',
    ],
    [
      'changed columns',
      'def f(d):\n    def g(doc):\n        doc["n"] += 1\n        doc["c"].append("s")\n        return doc\n    return d.map(g).rename_column("n", "m").remove_columns(["label"])',
    ],
    ['removed columns', 'def f(d):\n    return d.map(lambda r: {"k": r["n"]}, remove_columns=d.column_names)'],
    [
      'chosen rows',
      'def f(d):\n    return d.select([i for i in range(len(d)) if d[i]["n"] != 2 and d["label"][i]]).map(lambda r, i: {"i": i}, with_indices=True)',
    ],
    [
      'made rows',
      'import datasets\ndef f(d):\n    out = []\n    for r in d:\n        for c in r["c"]: out.append({"c": c, "n": r["n"]})\n    return datasets.Dataset.from_list(out)',
    ],
  ])('%s', async (_, code) => {
    const docs = rows.map((row) => fromPlain(row) as PyDict)
    const split = { columns: [...docs[0]!.keys()], length: 3, rows: async () => docs }
    const reference = written(code)
    const expected = await (await python.processDocs(reference))(split)
    const actual = await native.find(reference, 'process_docs').processDocs(split)
    expect([actual.columns, actual.length, pyRepr(await actual.rows())]).toEqual([
      expected.columns,
      expected.length,
      pyRepr(await expected.rows()),
    ])
    // the dataset's own documents are as they were
    expect(docs).toEqual(rows.map(fromPlain))
  })

  it.each<[string, FunctionUse, string, readonly PyValue[]]>([
    [
      'probability mass',
      'process_results',
      'import numpy as np\ndef f(doc, results):\n    ll, _ = zip(*results)\n    p = np.exp(np.array(ll))\n    p = p / np.sum(p)\n    return {"acc": np.sum(p[np.array(doc["labels"]) == 1])}',
      [
        fromPlain({ labels: [1, 0, 1] }),
        [
          [new PyFloat(-1.5), true],
          [new PyFloat(-2.25), false],
          [new PyFloat(-0.5), false],
        ],
      ],
    ],
    [
      'a weighted F1',
      'aggregation',
      'from lm_eval.utils import weighted_f1_score as f',
      [
        [
          [0, 0],
          [1, 2],
          [2, 2],
          [2, 1],
          [1, 1],
        ],
      ],
    ],
  ])('%s', async (_, use, code, args) => {
    const reference = written(code)
    const expected = await (await python.resolve(reference, use)).call(args)
    const actual = native.find(reference, use).call(args)
    const number = (value: PyValue) =>
      (value instanceof PyFloat ? value : ((value as PyDict).get('acc') as PyFloat)).value
    expect(number(actual)).toBeCloseTo(number(expected), 12)
  })

  it('and see their neighbours', async () => {
    mkdirSync(join(root, 'n', 'deep'), { recursive: true })
    writeFileSync(join(root, 'n', 'table.py'), 'TABLE = {"deep": [1, 2]}\ndef g(x): return x + 1\n')
    writeFileSync(
      join(root, 'n', 'deep', 'utils.py'),
      'from os.path import basename, dirname\nfrom lm_eval.tasks.n.table import TABLE, g\nfrom ..table import g as h\nkey = basename(dirname(__file__))\ndef f(doc):\n    return [g(x) + h(0) for x in TABLE[key]]\n',
    )
    const reference = new FunctionReference('utils.f', join(root, 'n', 'deep'))
    expect(native.find(reference, 'doc_to_text').call([null])).toEqual([3, 4])
    expect(await (await python.resolve(reference, 'doc_to_text')).call([null])).toEqual([3, 4])
  })
})

it('exceptions tell their place', () => {
  const found = native.find(written('def g(x):\n    return x["b"]\n\ndef f(doc):\n    return g(doc)\n'), 'doc_to_text')
  expect(() => found.call([new Map()])).toThrow(/^'b' \(.*utils\.py:2\)$/)
})

describe('what is left to CPython', () => {
  it.each([
    ['another package', 'import nltk\ndef f(doc): return nltk.x(doc)'],
    ['a method that is not known', 'def f(doc): return doc.swapcase()'],
    ['a class', 'class A: pass\ndef f(doc): return A()'],
    ['a name set twice', 'X = 1\nX = 2\ndef f(doc): return X'],
    ['a name set in a branch', 'X = 1\nif X:\n    Y = 2\ndef f(doc): return Y'],
    ['a changed table', 'X = []\nX.append(1)\ndef f(doc): return X'],
    ['generators', 'def f(doc):\n    yield 1'],
    ['random numbers', 'import random\ndef f(doc): return random.random()'],
    ['a decorator', 'import functools\n@functools.cache\ndef f(doc): return 1'],
    ['a format', 'def f(doc): return f"{1.5:.2f}"'],
    ['quotes of f-strings inside them', 'def f(doc): return f"{doc["n"]}"'],
    ['a global', 'X = 1\ndef f(doc):\n    global X\n    X += 1\n    return X'],
  ])('%s', (_, code) => {
    expect(() => native.find(written(code), 'doc_to_text')).toThrow(Unsupported)
  })

  it.each([
    ['a loop without an end', 'def f(doc):\n    while True: doc = dict(doc)'],
    ['turns of loops inside loops', 'def f(doc): return sum(1 for a in range(9999) for b in range(9999))'],
    ['calls without an end', 'def f(doc): return f(doc)'],
    ['calls that branch', 'def g(n): return 1 if n < 2 else g(n - 1) + g(n - 2)\ndef f(doc): return g(99)'],
    ['a long range', 'def f(doc): return len(range(10 ** 9))'],
  ])('what takes too long: %s', (_, code) => {
    expect(() => native.find(written(code), 'doc_to_text').call([fromPlain(doc)])).toThrow(Unsupported)
  })

  it('what turns out in a call', async () => {
    const reference = written('def f(doc): return str(tuple(doc["options"])) + "%d" % 3')
    expect(() => native.find(reference, 'doc_to_text').call([fromPlain(doc)])).toThrow(Unsupported)
    expect(await (await both.resolve(reference, 'doc_to_text')).call([fromPlain(doc)])).toBe("('a b', 'ç😀d', 'x')3")
  })
})
