// Seeded mutations of bytes, of text and of the structure of JSON. Each takes an input and a source of uniform numbers in [0, 1).

const strange = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '',
  ' ',
  '\u0000',
  '\ufeff',
  '\ud800',
  '💥',
  '../..',
  '/dev/zero',
  'NaN',
  '1e999',
  '-1',
  '0',
  '99999999999999999999',
  '0x10',
  'true',
  'null',
  '[]',
  '{}',
  '{{',
  '%}',
  '{% for x in range(10**9) %}',
  "'",
  '"',
  '\\',
  '&a',
  '*a',
  '<<: *a',
  '!!python/object',
  '!function x.y',
]
const numbers = [-1, 0, 0.5, 1, 2, 255, 2 ** 31, 2 ** 32, 2 ** 53, 2 ** 64, 1e18, 1e308, -1e308]

/** A whole number below `count`. */
export const below = (random, count) => Math.floor(random() * count)
export const pick = (random, list) => list[below(random, list.length)]

const byteMutations = [
  (bytes, random) => replaced(bytes, below(random, bytes.length), 1, [below(random, 256)]),
  (bytes, random) => {
    const at = below(random, bytes.length)
    return replaced(bytes, at, 1, [bytes[at] ^ (1 << below(random, 8))])
  },
  (bytes, random) => bytes.subarray(0, below(random, bytes.length)),
  (bytes, random) => replaced(bytes, below(random, bytes.length), 1 + below(random, 16), []),
  (bytes, random) =>
    replaced(
      bytes,
      below(random, bytes.length),
      0,
      Array.from({ length: 1 + below(random, 8) }, () => below(random, 256)),
    ),
  (bytes, random) =>
    replaced(
      bytes,
      below(random, bytes.length),
      4,
      pick(random, [
        [255, 255, 255, 255],
        [0, 0, 0, 0],
        [255, 255, 255, 127],
        [0, 0, 0, 128],
      ]),
    ),
  (bytes, random) =>
    replaced(
      bytes,
      below(random, bytes.length),
      8,
      pick(random, [Array(8).fill(255), Array(8).fill(0), [0, 0, 0, 0, 0, 0, 0, 1]]),
    ),
  (bytes, random) => {
    const [from, to] = [below(random, bytes.length), below(random, bytes.length)]
    return replaced(bytes, to, 0, bytes.subarray(from, from + 1 + below(random, 64)))
  },
]

const textMutations = [
  (text, random) => spliced(text, below(random, text.length + 1), 0, pick(random, strange)),
  (text, random) => spliced(text, below(random, text.length + 1), 1 + below(random, 12), ''),
  (text, random) =>
    spliced(
      text,
      below(random, text.length + 1),
      0,
      pick(random, ['[', '{', '(', '{"a":', '- ', '{{', '-(']).repeat(pick(random, [3, 200, 20_000])),
    ),
  (text, random) =>
    spliced(
      text,
      below(random, text.length + 1),
      0,
      pick(random, ['a', '1', ' ', '\n', 'é', ',']).repeat(pick(random, [50, 5_000, 200_000])),
    ),
  // a number, a word or a line becomes another
  (text, random) => token(text, random, /-?\d+(?:\.\d+)?/g, () => String(pick(random, numbers))),
  (text, random) => token(text, random, /[\w.]+/g, () => pick(random, strange)),
  (text, random) => token(text, random, /[^\n]+\n?/g, () => ''),
  (text, random) => token(text, random, /[^\n]+\n?/g, (line) => line.repeat(pick(random, [2, 300]))),
  (text, random) => token(text, random, /[\w.]+/g, () => (text.match(/[\w.]+/g) ?? [''])[below(random, 20)] ?? ''),
]

const values = (random) =>
  pick(random, [
    () => null,
    () => true,
    () => [],
    () => ({}),
    () => pick(random, strange),
    () => pick(random, numbers),
    () => pick(random, numbers),
    () => 'a'.repeat(100_000),
    () => deep(pick(random, [50, 5_000])),
    () => [null],
    () => ({ constructor: 1 }),
    () => Array(1_000).fill(0),
  ])()

/** A random number of byte mutations. */
export function mutateBytes(bytes, random) {
  let out = bytes
  for (let left = 1 + below(random, 4); left > 0 && out.length > 0; left--)
    out = pick(random, byteMutations)(out, random)
  return out
}

/** Mutates text; one case in five its bytes. */
export function mutateText(bytes, random) {
  if (random() < 0.2) return mutateBytes(bytes, random)
  let text = new TextDecoder().decode(bytes)
  for (let left = 1 + below(random, 3); left > 0; left--) text = pick(random, textMutations)(text, random)
  return Buffer.from(text)
}

/** Mutates the structure of JSON; one case in four its text. `lines`: of one line of JSON lines. */
export function mutateJson(bytes, random, { lines = false } = {}) {
  if (random() < 0.25) return mutateText(bytes, random)
  const text = new TextDecoder().decode(bytes)
  const parts = lines ? text.split('\n') : [text]
  const at = below(random, Math.min(parts.length, 20))
  try {
    const root = { value: JSON.parse(parts[at]) }
    for (let left = 1 + below(random, 3); left > 0; left--) changeNode(root, random)
    parts[at] = JSON.stringify(root.value) ?? ''
  } catch {
    return mutateText(bytes, random)
  }
  return Buffer.from(parts.join('\n'))
}

/** Mutates the JSON header of a safetensors file, its bytes in one case of three. */
export function mutateSafetensors(bytes, random) {
  if (random() < 1 / 3 || bytes.length < 8) return mutateBytes(bytes, random)
  const length = Number(bytes.readBigUInt64LE(0))
  const header = mutateJson(bytes.subarray(8, 8 + length), random)
  const size = Buffer.alloc(8)
  size.writeBigUInt64LE(BigInt(header.length))
  return Buffer.concat([size, header, bytes.subarray(8 + length)])
}

function changeNode(root, random) {
  const holders = []
  const visit = (node, depth) => {
    if (typeof node !== 'object' || node === null || depth > 40 || holders.length > 2_000) return
    for (const key of Object.keys(node)) {
      holders.push([node, key])
      visit(node[key], depth + 1)
    }
  }
  visit(root, 0)
  const [holder, key] = pick(random, holders)
  const change = below(random, 8)
  if (change === 0 && holder !== root) delete holder[key]
  else if (change === 1 && !Array.isArray(holder) && holder !== root) {
    const name = pick(random, strange)
    Object.defineProperty(holder, name, { value: holder[key], enumerable: true, configurable: true, writable: true })
  } else if (change === 2 && Array.isArray(holder[key]))
    holder[key] = holder[key].slice(below(random, holder[key].length + 1))
  else if (change === 3 && typeof holder[key] === 'number') holder[key] = pick(random, numbers)
  else if (change === 4 && typeof holder[key] === 'string') holder[key] = pick(random, strange)
  else holder[key] = values(random)
}

function deep(depth) {
  let value = 1
  for (let left = depth; left > 0; left--) value = left % 2 === 0 ? [value] : { a: value }
  return value
}

function replaced(bytes, at, count, own) {
  return Buffer.concat([bytes.subarray(0, at), Buffer.from(own), bytes.subarray(at + count)])
}

function spliced(text, at, count, own) {
  return text.slice(0, at) + own + text.slice(at + count)
}

function token(text, random, pattern, change) {
  const all = [...text.matchAll(pattern)]
  if (all.length === 0) return text
  const { 0: word, index } = pick(random, all)
  return spliced(text, index, word.length, change(word))
}
