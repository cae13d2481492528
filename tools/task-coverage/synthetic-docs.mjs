// Documents made up from what a task's templates and functions read.

/** Values that a column may have, most likely ones first for each kind of name. */
const words = ['alpha one', 'beta two', 'gamma three', 'delta four']
const letters = ['A', 'B', 'C', 'D']
const candidates = {
  letter: 'A',
  sentence: 'The red cat _ sat on a mat. It was warm.',
  zero: 0,
  one: 1,
  words,
  letters,
  ints: [1, 0, 0, 0],
  struct: { text: words, label: letters, choices: words, labels: [1, 0, 0, 0], answer_start: [0, 1, 2, 3] },
  structs: words.map((text, place) => ({
    text,
    label: letters[place],
    answer: text,
    question: text,
    content: text,
    key: letters[place],
    role: 'user',
    value: text,
  })),
  float: 0.5,
  digits: '1',
  literal: "['alpha one', 'beta two', 'gamma three', 'delta four']",
  json: '{"A": "alpha one", "B": "beta two", "C": "gamma three", "D": "delta four"}',
  truth: true,
  none: null,
  wordLists: [words, words],
  boxed: 'So it is $\\boxed{2}$.\n#### 2',
  options: { A: 'alpha one', B: 'beta two', C: 'gamma three', D: 'delta four' },
  tagged: 'alpha: B-PER\nbeta: O',
  literalStructs:
    "[{'question': 'what is  _  .', 'answer': 'A', 'options': ['a', 'b', 'c', 'd']}, {'question': 'which', 'answer': 'B', 'options': ['a', 'b', 'c', 'd']}]",
  lines: 'A. alpha one\nB. beta two\nC. gamma three\nD. delta four',
}
/** `absent`: the document has no such column, which a function may then make. */
export const kinds = [...Object.keys(candidates), 'absent']

/** Kinds made of the keys that the sources mention: dicts and lists of dicts. */
const keyed = {
  keyedTexts: (keys) => Object.fromEntries(keys.map((key) => [key, 'alpha one'])),
  keyedLists: (keys) => Object.fromEntries(keys.map((key) => [key, words])),
  keyedDicts: (keys) =>
    words.map((text, place) =>
      Object.fromEntries(keys.map((key) => [key, /id|answer|label/.test(key) ? place : text])),
    ),
  keyedLetters: (keys) => Object.fromEntries(keys.map((key) => [key, letters])),
}
export const keyedKinds = Object.keys(keyed)

/** A document with a value of the given kind in each column; `keys` are those that dicts inside may need. */
export function docOf(columns, place, keys) {
  const value = (kind) => (kind in keyed ? keyed[kind](keys) : varied(candidates[kind], place, kind))
  return Object.fromEntries(
    [...columns]
      .filter(([, kind]) => kind !== 'absent')
      .map(([name, kind]) => [name, typeof kind === 'string' ? value(kind) : kind.raw]),
  )
}

/** Texts differ from document to document, so that few-shot examples do. */
function varied(value, place, kind) {
  return kind === 'sentence' && place > 0 ? `${value} Number ${place}.` : value
}

/** What to try first for a column of this name. */
export function firstKind(name) {
  if (/choices|options|endings|candidates|answers$|references|aliases|distractors|targets$/i.test(name)) return 'words'
  if (/^(answer|label|gold|correct|target|cop|output_label)(_?(idx|index|key|id|label))?$/i.test(name)) return 'zero'
  if (/idx|index|num|^id$|label/i.test(name)) return 'zero'
  if (/solution|rationale|cot/i.test(name)) return 'boxed'
  return 'sentence'
}

/** Columns that templates and Python sources mention, with nested ones as structs. */
export function mentionedColumns(templates, sources) {
  const columns = new Map()
  const addColumn = (name, kind) => {
    if (name !== undefined && !columns.has(name)) columns.set(name, kind ?? firstKind(name))
  }
  // what a function makes (a key of a dict that it writes) is not in the dataset
  const made = (name) =>
    sources.some((source) => source.includes('.map(') && new RegExp(`["']${name}["']\\s*:`).test(source))
  const add = (name, kind) => {
    if (!made(name)) addColumn(name, kind)
  }
  for (const template of templates) {
    if (/^[\p{L}_][\p{L}\p{N}_ ]*$/u.test(template) && template.length < 40) add(template)
    for (const [, code] of template.matchAll(/\{[{%]-?([\s\S]*?)-?[%}]\}/g)) {
      const bare = code.replace(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/g, (text) => (/^.\w+.$/.test(text) ? text : '""'))
      const local = new Set([...bare.matchAll(/\b(?:set|for)\s+(\w+)/g)].map(([, name]) => name))
      for (const [, name] of bare.matchAll(/(?<![.\w'"|]\s*)([\p{L}_][\p{L}\p{N}_]*)(?!\s*=[^=])/gu)) {
        if (
          /^(if|else|elif|endif|for|in|endfor|set|is|not|and|or|none|None|true|True|false|False|defined|undefined|range|loop|string|length|int|join|trim|replace|list|map|attribute)$/.test(
            name,
          ) ||
          local.has(name)
        )
          continue
        const nested = new RegExp(
          `\\b${name}(?:\\.(?!(?:strip|lstrip|rstrip|split|index|lower|upper|capitalize|replace|join|format|items|keys|values|get|startswith|endswith|title)\\b)(\\w+)|\\[['"](\\w+)['"]\\])`,
        ).exec(bare)
        add(name, nested ? 'struct' : undefined)
      }
    }
  }
  for (const source of sources) {
    for (const [, name, rest] of source.matchAll(/\b\w+\[["']([^"'\n]+)["']\](\[["'])?/g))
      addColumn(name, rest ? 'struct' : undefined)
    for (const [, name] of source.matchAll(/\b\w+\.get\(["']([^"'\n]+)["']/g)) addColumn(name)
    for (const [, start, end] of source.matchAll(/\[f["']([^"'\n{]*)\{\w+\}([^"'\n{]*)["']\]/g))
      for (const part of ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E'])
        addColumn(`${start}${part}${end}`)
  }
  return columns
}

/** Keys that dicts inside of documents may need. */
export function mentionedKeys(templates, sources, names) {
  const found = [...templates, ...sources].flatMap((text) => [
    ...[...text.matchAll(/\[["']([^"'\n]{1,40})["']\]/g)].map(([, key]) => key),
    ...[...text.matchAll(/attribute=["'](\w+)["']/g)].map(([, key]) => key),
    ...[...text.matchAll(/\.(?!\d)([\p{L}_]\w*)\b(?!\()/gu)].map(([, key]) => key),
  ])
  return [...new Set(['en', 'fr', ...names.filter((name) => /^[\w]{2,12}$/.test(name)), ...found])].slice(0, 60)
}

/** Columns that sources compare with something, and the texts that they may be compared with. */
export function comparedColumns(sources, templates, more) {
  const columns = new Set()
  const texts = new Set(more)
  for (const source of sources) {
    for (const [, name] of source.matchAll(
      /\[["']([^"'\n]+)["']\](?:\.\w+\(\))*\s*(?:==|!=|in\b|not in\b|\.startswith|\.endswith)/g,
    ))
      columns.add(name)
    for (const [, name] of source.matchAll(/(?:==|!=|in)\s*\w+\[["']([^"'\n]+)["']\]/g)) columns.add(name)
    // keys of tables first
    for (const [, text] of source.matchAll(/["']([^"'\n]{1,60})["']\s*:/g)) texts.add(text)
    for (const [, text] of source.matchAll(/["']([^"'\n]{1,60})["']/g)) texts.add(text)
  }
  // texts that are put together: a constant before or behind a name
  for (const source of sources)
    for (const [, before, behind] of source.matchAll(/f["']([^"'\n{]*)\{\w+\}([^"'\n{]*)["']/g))
      if (/\w/.test(before + behind) && before.length < 30)
        for (const text of more) texts.add(`${before}${text}${behind}`)
  for (const template of templates)
    for (const [, text] of template.matchAll(/["']([^"'\n]{1,60})["']/g)) texts.add(text)
  return { columns: [...columns], texts: [...texts].slice(0, 500) }
}
