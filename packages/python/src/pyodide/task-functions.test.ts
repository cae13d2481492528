import { describe, expect, it } from 'vitest'
import { PyBytes } from '../values/bytes.js'
import { PyDecimal } from '../values/decimal.js'
import { PandasTimestamp } from '../values/pandas-times.js'
import { PyDate, PyDatetime, PyTime, PyTimedelta } from '../values/times.js'
import { fromPlain, type PyDict, PyFloat, type PyValue } from '../values/value.js'
import { taskFunctions } from './task-functions.js'
import { call, functions, root, written } from './task-python.testing.js'

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

  it('dicts keep keys that are no texts', async () => {
    const none = new Map([[null, 1]]) as never
    const keys: [PyValue, PyValue][] = [
      [2, 'a'],
      ['2', [none]],
      [true, new PyFloat(1)],
      [new PyFloat(1.5), null],
    ]
    const dict = new Map(keys) as unknown as PyDict
    expect(await call('def f(x):\n    return repr(x)', [dict])).toBe("{2: 'a', '2': [{None: 1}], True: 1.0, 1.5: None}")
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
  const endless = 'def f(doc):\n    while True: pass\ndef g(doc): return doc'

  it('ends when its time is over, and what comes after runs', async () => {
    const limited = taskFunctions([root], { env: { ...process.env, SAEVAL_PYTHON_SECONDS: '1.6' } })
    const found = await limited.resolve(written(endless, 'f', 'endless/utils.py'), 'doc_to_text')
    const after = await limited.resolve(written(endless, 'g', 'endless/utils.py'), 'doc_to_text')
    const asked = await Promise.allSettled([after.call([0]), found.call([1]), found.call([2])])
    expect(asked.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected'])
    expect(asked[1]).toMatchObject({
      reason: {
        exception: 'TimeoutError',
        message: expect.stringMatching(/^it took more than 2 s; SAEVAL_PYTHON_SECONDS/),
      },
    })
    expect(await after.call([3])).toBe(3)
    await limited.close()
  })

  it('ends when the run is stopped', async () => {
    const controller = new AbortController()
    const stoppable = taskFunctions([root], { signal: controller.signal })
    const found = await stoppable.resolve(written(endless), 'doc_to_text')
    const asked = [found.call([1]), found.call([2])]
    const ended = Promise.allSettled(asked)
    setTimeout(() => controller.abort(new Error('stopped')), 100)
    expect(await ended).toMatchObject(asked.map(() => ({ status: 'rejected', reason: { message: 'stopped' } })))
    await expect(found.call([1])).rejects.toThrow('stopped')
  })
})

describe('a function that takes too much', () => {
  it.each([
    ['of Python', 'return "a" * 10 ** 9'],
    ['step by step', 'l = [1]\n    while True: l = l + l'],
    ['in a number', 'return str(9 ** 9 ** 9)'],
  ])('%s ends in a sentence', async (_, body) => {
    await expect(call(`def f():\n    ${body}`)).rejects.toThrow(/more memory than|took more than/)
  })
})
