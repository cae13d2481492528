import { describe, expect, it } from 'vitest'
import { pyRepr } from '../text/text.js'
import { fromPlain, PyFloat } from '../values/value.js'
import { call, processed } from './task-python.testing.js'

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
