import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import type { Split } from '../datasets/dataset.js'
import type { FunctionUse } from '../functions/task-function.js'
import { PyBytes } from '../python/bytes.js'
import { PyDecimal } from '../python/decimal.js'
import { PandasTimestamp } from '../python/pandas-times.js'
import { pyRepr } from '../python/text.js'
import { PyDate, PyDatetime, PyTime, PyTimedelta } from '../python/times.js'
import { fromPlain, type PyDict, PyFloat, type PyValue } from '../python/value.js'
import { FunctionReference } from '../tasks/yaml.js'
import { pythonFunctions } from './python-functions.js'

const root = temporaryFolder()
const functions = pythonFunctions([root])
afterAll(() => functions.close())

let files = 0
/** A function of a file of its own. */
function written(code: string, name = 'f', file = `family${files++}/utils.py`): FunctionReference {
  const path = join(root, file)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, code)
  return new FunctionReference(`utils.${name}`, dirname(path))
}

async function call(code: string, args: readonly unknown[] = [], use: FunctionUse = 'doc_to_text'): Promise<PyValue> {
  const found = await functions.resolve(written(code), use)
  return found.call(args.map(fromPlain))
}

function splitOf(rows: readonly Record<string, unknown>[], classNames?: ReadonlyMap<string, readonly string[]>): Split {
  const docs = rows.map((row) => fromPlain(row) as PyDict)
  return {
    columns: [...docs[0]!.keys()],
    length: docs.length,
    ...(classNames ? { classNames } : {}),
    rows: async (start, end) => docs.slice(start, end),
  }
}

async function processed(code: string, rows: readonly Record<string, unknown>[], classNames?: Split['classNames']) {
  const split = await (await functions.processDocs(written(code)))(splitOf(rows, classNames))
  return { columns: split.columns, rows: pyRepr(await split.rows()) }
}

describe('values cross to Python and back', () => {
  it.each([
    ['None', null],
    ['1', 1],
    ['1.0', new PyFloat(1)],
    ["float('nan')", new PyFloat(Number.NaN)],
    ['True', true],
    ['2**70', 2n ** 70n],
    ["'é\\n\\U0001f600\\ud800'", 'é\n😀\ud800'],
    ['(1, 2.0, [])', [1, new PyFloat(2), []]],
    ["{'b': 1, 'a': {'c': None}}", fromPlain({ b: 1, a: { c: null } })],
    ['(i for i in range(2))', [0, 1]],
  ])('%s', async (python, value) => {
    expect(await call(`def f():\n    return ${python}`)).toEqual(value)
    const same = await call(
      `def f(x):\n    y = ${python}\n    y = list(y) if hasattr(y, '__next__') or isinstance(y, tuple) else y\n    return x == y and type(x) is type(y) or y != y and x != x`,
      [value],
    )
    expect(same).toBe(true)
  })

  it.each([
    ["b'a\\x00\\xff'", new PyBytes(Uint8Array.of(97, 0, 255))],
    ["__import__('decimal').Decimal('-1.50')", new PyDecimal(-150n, 2)],
    ["__import__('datetime').date(2020, 1, 2)", new PyDate(18263)],
    ["__import__('datetime').time(12, 30, 0, 5)", new PyTime(45_000_000_005n)],
    ["__import__('datetime').datetime(2020, 1, 2, 3, 4, 5, 6)", new PyDatetime(1_577_934_245_000_006n)],
    [
      "__import__('datetime').datetime.fromisoformat('2020-01-02T03:04:05+02:00')",
      new PyDatetime(1_577_927_045_000_000n, '+02:00'),
    ],
    ["__import__('datetime').timedelta(days=-1, seconds=1)", new PyTimedelta(-86_399_000_000n)],
  ])('%s', async (python, value) => {
    expect(await call(`def f():\n    return [${python}, {"a": ${python}}]`)).toEqual([value, new Map([['a', value]])])
    expect(await call(`def f(x):\n    y = ${python}\n    return x == y and type(x) is type(y)`, [value])).toBe(true)
    expect(await call(`def f():\n    y = ${python}\n    return str(y) + repr(y)`)).toBe(value.str() + value.repr())
  })

  it("pandas' times are refused by name", async () => {
    await expect(call('def f(x): return 1', [new PandasTimestamp(1n)])).rejects.toThrow(
      /the Python function f would get a Timestamp of pandas, which saeval's Python does not have/,
    )
  })

  it('what JSON cannot hold comes back as itself', async () => {
    const made = await call('def f():\n    return [{1, 2}, {1: 2}]')
    expect(await call('def f(x):\n    return repr(x)', [made])).toBe('[{1, 2}, {1: 2}]')
  })

  it('answers are tuples', async () => {
    const code = 'def f(doc, results):\n    return {"acc": repr(results)}'
    const results = [
      [new PyFloat(-1.5), true],
      [new PyFloat(-2), false],
    ]
    expect(await call(code, [{}, results], 'process_results')).toEqual(
      new Map([['acc', '[(-1.5, True), (-2.0, False)]']]),
    )
  })

  it('many calls of one turn are answered in order', async () => {
    const double = await functions.resolve(written('def f(x):\n    return 2 * x'), 'doc_to_target')
    const answers = await Promise.all(Array.from({ length: 500 }, (_, i) => double.call([i])))
    expect(answers).toEqual(Array.from({ length: 500 }, (_, i) => 2 * i))
  })
})

describe('modules', () => {
  it('tell the source of a function and import their neighbours', async () => {
    written('X = 7\n', 'X', 'neighbours/other.py')
    written('Y = 8\n', 'Y', 'elsewhere/deep/other.py')
    const code =
      'from lm_eval.tasks.elsewhere.deep.other import Y\nfrom .other import X\n\ndef f():\n    return X + Y + 0.5\n'
    const found = await functions.resolve(written(code, 'f', 'neighbours/utils.py'), 'samples')
    expect(found.source).toBe('def f():\n    return X + Y + 0.5\n')
    expect(await found.call([])).toEqual(new PyFloat(15.5))
  })

  it('keep their state between calls and draw what CPython draws', async () => {
    const drawn = await call('import random\nr = random.Random(1234)\ndef f():\n    return r.sample(range(12), 2)')
    // random_vectors of the reference: sample_1234_n12_k2
    expect(drawn).toEqual([7, 1])
  })

  it('make filters of classes with their settings', async () => {
    const code =
      'from lm_eval.filters.extraction import RegexFilter\nclass F(RegexFilter):\n    def apply(self, resps, docs):\n        return [[r + "!" for r in x] for x in super().apply(resps, docs)]'
    const filter = await functions.resolve(written(code, 'F'), 'filter')
    expect(await filter.call([[['a 12', 'b']], [new Map()]], new Map([['regex_pattern', '(\\d)']]))).toEqual([
      ['1!', '[invalid]!'],
    ])
  })

  it.each([
    ['no such function', 'def g(): pass', /utils\.py has no function f$/],
    ['broken Python', 'def f(:', /cannot be loaded: SyntaxError: .*utils\.py:1\)/],
    ['an error while loading', 'x = 1 / 0', /cannot be loaded: ZeroDivisionError: .*utils\.py:1\)/],
    ['a base class', 'import torch\nf = torch.f', /needs torch\.f, which/],
  ])('are refused with %s', async (_, code, message) => {
    await expect(call(code)).rejects.toThrow(message)
  })

  it('may import packages that are not there, not use them', async () => {
    const code =
      'import scipy.stats as s\nfrom nltk.tokenize import word_tokenize as w\ndef g(x: s.T | None): return s.zeta(x)\ndef h(): return w("a")\n'
    expect(await call(`${code}def f(): return 1`)).toBe(1)
    await expect(call(`${code}def f(): return h()`)).rejects.toThrow(/needs nltk\.tokenize\.word_tokenize, which/)
    // found before a model is asked anything
    await expect(functions.resolve(written(`${code}def f(d, r): return g(1)`), 'process_results')).rejects.toThrow(
      /f needs scipy\.stats, which/,
    )
  })

  it('take the way around a package that is not there', async () => {
    expect(await call('try:\n    import numpyro\n    X = 1\nexcept ImportError:\n    X = 2\ndef f(): return X')).toBe(
      1 + 1,
    )
  })

  it('report exceptions with their class and place', async () => {
    const failing = call("def f(doc):\n    return doc['b']", [{ a: 1 }])
    await expect(failing).rejects.toMatchObject({ exception: 'KeyError' })
    await expect(failing).rejects.toThrow(/'b' \(.*utils\.py:2\)/)
  })
})

describe('a function without an end', () => {
  it('is named after ten seconds and ends when the run is stopped', async () => {
    const controller = new AbortController()
    const told: string[] = []
    const stoppable = pythonFunctions([root], { signal: controller.signal, onSlow: (sentence) => told.push(sentence) })
    const found = await stoppable.resolve(written('def f(doc):\n    while True: pass'), 'doc_to_text')
    const asked = [found.call([1]), found.call([2])]
    const ended = Promise.allSettled(asked)
    await expect
      .poll(() => told, { timeout: 30_000 })
      .toEqual([expect.stringMatching(/utils\.py: the Python function f has been running for 10 s/)])
    controller.abort(new Error('stopped'))
    expect(await ended).toMatchObject(asked.map(() => ({ status: 'rejected', reason: { message: 'stopped' } })))
    await expect(found.call([1])).rejects.toThrow('stopped')
  })
})

describe('what Python cannot reach', () => {
  it.each([
    ['JavaScript', 'import js'],
    ['Pyodide', 'from pyodide.code import run_js'],
    ['native code', 'import ctypes'],
    ['files', 'open("/etc/passwd")'],
    ['its own files', 'open(__file__, "w")'],
    ['processes', 'import os; os.system("true")'],
    ['more processes', 'import subprocess; subprocess.run(["true"])'],
    ['the network', 'import urllib.request; urllib.request.urlopen("http://127.0.0.1:9/")'],
    ['sockets', 'import socket; socket.create_connection(("127.0.0.1", 9))'],
    ['host variables', 'import os; os.environ["NODE_OPTIONS"]'],
  ])('%s', async (_, code) => {
    await expect(call(`def f():\n    ${code}\n    return 1`)).rejects.toThrow()
  })
})

describe('datasets', () => {
  const rows = [
    { q: 'a', n: 1, s: { x: 1 } },
    { q: 'b', n: 2, s: { x: 2 } },
    { q: 'c', n: 3, s: { x: 3 } },
  ]

  it('map, filter, select and change columns', async () => {
    const code = `
def f(dataset):
    dataset = dataset.filter(lambda row: row["n"] != 2).map(lambda row: {"m": row["n"] / 2 if row["n"] > 1 else 0})
    dataset = dataset.rename_column("q", "question").remove_columns(["n"]).add_column("k", [(1,), (2,)])
    return dataset.select(range(len(dataset))).map(lambda row, i: {"i": i}, with_indices=True)
`
    expect(await processed(code, rows)).toEqual({
      columns: ['question', 's', 'm', 'k', 'i'],
      rows: "[{'question': 'a', 's': {'x': 1}, 'm': 0.0, 'k': [1], 'i': 0}, {'question': 'c', 's': {'x': 3}, 'm': 1.5, 'k': [2], 'i': 1}]",
    })
  })

  it('fill structs as Arrow does', async () => {
    const code =
      'def f(d): return d.map(lambda r: {"t": {r["q"]: 1} if r["n"] < 3 else None}, remove_columns=d.column_names)'
    expect((await processed(code, rows)).rows).toBe(
      "[{'t': {'a': 1, 'b': None}}, {'t': {'a': None, 'b': 1}}, {'t': None}]",
    )
  })

  it('map in batches', async () => {
    const code =
      'def f(d): return d.map(lambda b: {"w": [x for q in b["q"] for x in (q, q + "!")]}, batched=True, batch_size=2, remove_columns=["q", "n", "s"])'
    expect((await processed(code, rows)).rows).toBe(
      pyRepr(['a', 'a!', 'b', 'b!', 'c', 'c!'].map((w) => new Map([['w', w]]))),
    )
  })

  it('give each reader a document of its own', async () => {
    const code = 'def f(d):\n    for r in d: r["s"]["x"] = 9\n    return d'
    expect((await processed(code, rows)).rows).toContain("'x': 1")
  })

  it("shuffle with numpy's generator", async () => {
    // numpy.random.default_rng(42).permutation(10), numpy 2.4
    const code = 'def f(d): return d.shuffle(seed=42)'
    const ten = Array.from({ length: 10 }, (_, i) => ({ i }))
    expect((await processed(code, ten)).rows).toBe(
      pyRepr([5, 6, 0, 7, 3, 2, 4, 9, 1, 8].map((i) => new Map([['i', i]]))),
    )
    const parts = 'def f(d): return d.train_test_split(test_size=0.25, seed=42)["test"]'
    expect((await processed(parts, ten)).rows).toBe(pyRepr([5, 6, 0].map((i) => new Map([['i', i]]))))
  })

  it('know names of classes', async () => {
    const code =
      'def f(d):\n    label = d.features["n"]\n    return d.map(lambda r: {"name": label.int2str(r["n"]), "c": label.num_classes})'
    const names = new Map([['n', ['zero', 'one', 'two', 'three']]])
    expect((await processed(code, rows.slice(0, 1), names)).rows).toBe(
      "[{'q': 'a', 'n': 1, 's': {'x': 1}, 'name': 'one', 'c': 4}]",
    )
  })

  it('refuse what they do not have', async () => {
    await expect(processed('def f(d): return d.to_pandas()', rows)).rejects.toThrow(
      /needs datasets\.Dataset\.to_pandas, which/,
    )
    await expect(processed('def f(d): return 3', rows)).rejects.toThrow(/process_docs returned a int/)
  })
})

describe('stand-ins for packages', () => {
  it.each([
    [
      'numpy',
      'import numpy as np',
      'float(np.mean(np.array([1, 2.5]) / np.array([2, 2]))), np.argmax([1, 3, 3])',
      [0.875, 1],
    ],
    ['numpy truth', 'import numpy as np', '(1 == 1) + (np.argmax([1, 3]) == 1)', true],
    // sklearn.metrics.f1_score, scikit-learn 1.9
    ['sklearn', 'from sklearn.metrics import f1_score as g', 'g([0, 1, 2, 2], [0, 2, 2, 1], average="weighted")', 0.5],
    [
      'sklearn macro',
      'from sklearn.metrics import f1_score as g',
      'g([0, 1, 2, 2], [0, 2, 2, 1], average="macro")',
      0.5,
    ],
    [
      'squad',
      'from transformers.data.metrics.squad_metrics import compute_f1 as g',
      'g("The cat sat", "a cat")',
      2 / 3,
    ],
    ['regex', 'import regex', 'regex.findall(r"\\d+", "a1b22")', ['1', '22']],
  ])('%s', async (_, imports, code, value) => {
    expect(await call(`${imports}\ndef f(): return ${code}`)).toEqual(
      typeof value === 'boolean'
        ? value
        : typeof value === 'number'
          ? new PyFloat(value)
          : value.map((item) => (Number.isInteger(item) ? item : fromPlain(item))),
    )
  })
})
