import { InputError } from '@saeval/hub'
import { object, objectOf, text } from '@saeval/hub/checks'
import { seededUniform } from '@saeval/hub/internal/seeded-uniform'
import { zipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import { parseConfig } from './loaders/config-file.js'
import { madeNpz, madeSafetensors, madeTorch, memorySource, statePickle } from './loaders/weights.testing.js'
import { openNpz } from './npz/npz-file.js'
import { readAll, readSlices } from './tensors/read-tensor.js'
import { openSafetensors } from './tensors/safetensors-file.js'
import type { TensorFile } from './tensors/tensor-place.js'
import { openTorchStateDict } from './torch/torch-file.js'

type Open = (source: ReturnType<typeof memorySource>) => Promise<TensorFile>

const small = { W_dec: { dtype: 'F32', shape: [6, 4] }, b_dec: { dtype: 'F16', shape: [4] } } as const
const bytesOf = (file: { length: number; subarray(start: number, end: number): Buffer }) =>
  file.subarray(0, file.length)

/** A whole file of each container. */
const whole: Readonly<Record<string, { open: Open; bytes: Buffer }>> = {
  safetensors: { open: openSafetensors, bytes: bytesOf(madeSafetensors(small)) },
  npz: { open: openNpz, bytes: bytesOf(madeNpz(small)) },
  'deflated npz': { open: openNpz, bytes: deflated(bytesOf(madeNpz({ a: small.W_dec }))) },
  'torch zip': { open: openTorchStateDict, bytes: bytesOf(madeTorch(small)) },
  'torch before 1.6': { open: openTorchStateDict, bytes: legacyTorch() },
}

/** The npy member of an archive, compressed. */
function deflated(archive: Buffer): Buffer {
  const start = archive.indexOf('\x93NUMPY', 0, 'latin1')
  return Buffer.from(zipSync({ 'a.npy': Uint8Array.from(archive.subarray(start, start + 128 + 96)) }))
}

/** Magic number, version, system, a state dict, its storages' names, and the storages. */
function legacyTorch(): Buffer {
  const magic = '\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.'
  const count = Buffer.alloc(8)
  count.writeBigUInt64LE(24n)
  const text = `${magic}\x80\x02M\xe9\x03.\x80\x02}.${statePickle({ W_dec: small.W_dec })}\x80\x02](X\x01\x00\x00\x000e.`
  return Buffer.concat([Buffer.from(text, 'latin1'), count, Buffer.alloc(96)])
}

/** Opens a file and reads every tensor in every way. */
async function readEverything(open: Open, bytes: Buffer): Promise<number> {
  const { tensors } = await open(memorySource(bytes))
  let numbers = 0
  for (const place of tensors.values()) {
    numbers += (await readAll(place)).length
    for (const axis of place.shape.keys()) if (place.shape[axis]! > 0) await readSlices(place, axis, [0])
  }
  return numbers
}

/** Whole numbers below a bound; the same sequence on every machine. */
function randomNumbers(seed: number): (below: number) => number {
  const uniform = seededUniform(seed)
  return (below) => (uniform() * 2 ** 32) % below
}

const extremes = [0, 1, 0x7f, 0x80, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff]

/** One to four damages: a changed byte, an extreme number, a cut, a stretch removed, doubled or moved. */
function damaged(bytes: Buffer, random: (below: number) => number): Buffer {
  let result = Buffer.from(bytes)
  for (let times = 1 + random(4); times > 0 && result.length > 8; times--) {
    const at = random(result.length - 8)
    const length = random(Math.min(64, result.length - at))
    switch (random(7)) {
      case 0:
        result[at] = random(256)
        break
      case 1:
        result[at]! ^= 1 << random(8)
        break
      case 2:
        result.writeUInt32LE(extremes[random(extremes.length)]!, at)
        break
      case 3:
        result.writeBigUInt64LE(2n ** BigInt(random(64)), at)
        break
      case 4:
        result = result.subarray(0, at)
        break
      case 5:
        result = Buffer.concat([result.subarray(0, at), result.subarray(at + length)])
        break
      case 6:
        result = Buffer.concat([result.subarray(0, at + length), result.subarray(at)])
        break
    }
  }
  return result
}

describe.each(Object.entries(whole))('%s', (name, { open, bytes }) => {
  it('reads the whole file', async () => {
    expect(await readEverything(open, bytes)).toBe(name === 'deflated npz' || name.includes('1.6') ? 24 : 28)
  })

  it('says what is wrong at every length it is cut to', async () => {
    for (let length = 0; length < bytes.length; length++) {
      const error = await readEverything(open, bytes.subarray(0, length)).catch((cause: unknown) => cause)
      if (!InputError.isInstance(error)) expect.fail(`${length} bytes: ${error}`)
    }
  })

  it('never does worse than an InputError for damaged files', async () => {
    const random = randomNumbers(2026)
    let refused = 0
    for (let round = 0; round < 600; round++) {
      const file = damaged(bytes, random)
      const started = performance.now()
      await readEverything(open, file).catch((error: unknown) => {
        refused += 1
        if (!InputError.isInstance(error))
          throw new Error(`round ${round}: ${error} for ${file.toString('hex')}`, { cause: error })
      })
      if (performance.now() - started > 2000) expect.fail(`round ${round} took too long`)
    }
    expect(refused).toBeGreaterThan(100)
  })
})

describe('a safetensors header', () => {
  const withHeader = (header: string, data = 96) => {
    const length = Buffer.alloc(8)
    length.writeBigUInt64LE(BigInt(Buffer.byteLength(header)))
    return Buffer.concat([length, Buffer.from(header), Buffer.alloc(data)])
  }
  const tensor = (fields: object) =>
    JSON.stringify({ a: { dtype: 'F32', shape: [6, 4], data_offsets: [0, 96], ...fields } })

  it.each([
    ['of a type from Object', tensor({ dtype: 'constructor' })],
    ['of huge dimensions', tensor({ shape: [2 ** 52, 2 ** 52] })],
    ['of dimensions whose product wraps around', tensor({ shape: [2 ** 31, 2 ** 31, 4] })],
    ['of negative dimensions', tensor({ shape: [-6, -4] })],
    ['of broken dimensions', tensor({ shape: [1.5, 16] })],
    ['of too few bytes', tensor({ data_offsets: [0, 92] })],
    ['of bytes before the data', tensor({ data_offsets: [-96, 0] })],
    ['of bytes in reverse', tensor({ data_offsets: [96, 0] })],
    ['of bytes after the file', tensor({ data_offsets: [96, 192] })],
    [
      'that overlaps another',
      `{"a":{"dtype":"F32","shape":[24],"data_offsets":[0,96]},"b":{"dtype":"F32","shape":[1],"data_offsets":[92,96]}}`,
    ],
    ['nested deeply', `{"a":${'['.repeat(2e5)}${']'.repeat(2e5)}}`],
    ['that is a list', '[]'],
    ['that is null', 'null'],
    ['of a tensor that is null', '{"a":null}'],
    ['of metadata that are null', '{"__metadata__":null}'],
    ['of a name without end', `{"${'a'.repeat(5000)}":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}`],
    ['of a type that is missing', '{"a":{"shape":[0],"data_offsets":[0,0]}}'],
  ])('%s is refused', async (_, header) => {
    await expect(readEverything(openSafetensors, withHeader(header))).rejects.toThrow(InputError)
  })

  it('longer than any model has is not read', async () => {
    const claim = Buffer.alloc(64)
    claim.writeBigUInt64LE(2n ** 40n)
    await expect(readEverything(openSafetensors, claim)).rejects.toThrow(/its header claims 1099511627776 bytes/)
  })
})

describe('a zip archive', () => {
  it('that unfolds into far more than its size is refused before it does', async () => {
    const bomb = Buffer.from(zipSync({ 'a.npy': new Uint8Array(2 ** 25) }, { level: 9 }))
    expect(bomb.length).toBeLessThan(100_000)
    await expect(readEverything(openNpz, bomb)).rejects.toThrow(/claims to hold 33554432 bytes/)
  })

  it('whose members overlap is refused', async () => {
    const bytes = bytesOf(madeNpz(small))
    const second = bytes.lastIndexOf(Buffer.from('504b0102', 'hex'))
    bytes.writeUInt32LE(4, second + 42)
    await expect(readEverything(openNpz, bytes)).rejects.toThrow(/overlaps another/)
  })
})

/** A pickle in torch's zip container. */
async function readPickled(pickle: string): Promise<number> {
  const archive = zipSync({ 'archive/data.pkl': Buffer.from(pickle, 'latin1') }, { level: 0 })
  return readEverything(openTorchStateDict, Buffer.from(archive))
}

describe('a pickle', () => {
  const storage = '(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x04tQ'
  it.each([
    ['os.system', 'cos\nsystem\n(X\x04\x00\x00\x00truetR.', /asks to run os\.system, .* is refused/],
    ['os.system by name from the stack', '\x80\x04\x8c\x02os\x8c\x06system\x93.', /asks to run os\.system/],
    ['eval', 'cbuiltins\neval\n(X\x01\x00\x00\x001tR.', /asks to run builtins\.eval/],
    ['torch.load', 'ctorch\nload\n)R.', /asks to run torch\.load/],
    ['a name of Object', 'ctorch\nconstructor\n)R.', /asks to run torch\.constructor/],
    ['torch.storage._load_from_bytes', 'ctorch.storage\n_load_from_bytes\n(C\x00tR.', /_load_from_bytes/],
    ['a class by INST', '(ios\nsystem\n.', /operation 0x69/],
    ['a class by OBJ', '(cos\nsystem\no.', /asks to run os\.system/],
    ['a new object', '}}\x81.', /operation 0x81/],
    ['an extension', '\x82\x01.', /operation 0x82/],
    ['a call of data', '})R.', /calls something that is no function/],
    ['state for data', 'K\x01}b.', /not a dictionary/],
    ['a dictionary made from a dictionary', 'ccollections\nOrderedDict\n(}tR.', /out of another value/],
    ['a persistent id of something else', 'X\x03\x00\x00\x00abcQ.', /no tensor storage/],
    [
      'a tensor outside its storage',
      `ctorch._utils\n_rebuild_tensor_v2\n(${storage}K\x02(K\x03t(K\x01t\x89)tR.`,
      /reaches to element 5/,
    ],
    [
      'a tensor of negative size',
      `ctorch._utils\n_rebuild_tensor_v2\n(${storage}K\x00(J\xff\xff\xff\xfft(K\x01t\x89)tR.`,
      /tensor that is none/,
    ],
    ['a text longer than itself', '\x8d\xff\xff\xff\xff\x00\x00\x00\x00abc.', /ends in the middle/],
    ['a text of an impossible length', '\x8d\xff\xff\xff\xff\xff\xff\xff\xffabc.', /impossible length/],
    ['a memo that was never filled', 'h\x07.', /recalls value 7/],
    ['an empty stack', '.', /empty stack/],
    ['no mark', 't.', /no mark/],
    ['a name where a number should be', 'Fconstructor\n.', /has "constructor" where a number should be/],
    ['an endless line', `I${'1'.repeat(5000)}\n.`, /endless line/],
    ['no dictionary', 'K\x01.', /does not hold a dictionary/],
  ])('with %s is refused', async (_, pickle, message) => {
    await expect(readPickled(pickle)).rejects.toThrow(message)
    await expect(readPickled(pickle)).rejects.toThrow(InputError)
  })

  it('a tensor that repeats its numbers takes no memory', async () => {
    const pickle = `}(X\x01\x00\x00\x00actorch._utils\n_rebuild_tensor_v2\n(${storage}K\x00(J\xff\xff\xff\x7fJ\xff\xff\xff\x7ft(K\x00K\x00t\x89)tRu.`
    const archive = zipSync(
      { 'a/data.pkl': Buffer.from(pickle, 'latin1'), 'a/data/0': new Uint8Array(16) },
      { level: 0 },
    )
    await expect(readEverything(openTorchStateDict, Buffer.from(archive))).rejects.toThrow(/repeats stored numbers/)
    const [place] = (await openTorchStateDict(memorySource(Buffer.from(archive)))).tensors.values()
    await expect(readSlices(place!, 0, [0])).rejects.toThrow(/repeats stored numbers/)
  })

  it.each([
    ['lists of lists that would unfold into 2^5000 items', `]q\x00${'](h\x00h\x00eq\x00'.repeat(5000)}.`],
    ['a list that holds itself', ']q\x00h\x00a.'],
    ['many marks', `${'('.repeat(100_000)}${'t'.repeat(100_000)}.`],
    ['many empty dictionaries', `(${'}'.repeat(250_000)}t.`],
    ['tuples in tuples', `N${'\x85'.repeat(250_000)}.`],
  ])('of %s ends quickly', async (_, pickle) => {
    const started = performance.now()
    await expect(readPickled(pickle)).rejects.toThrow(/does not hold a dictionary/)
    expect(performance.now() - started).toBeLessThan(5000)
  })

  it('longer than any state dict has is not read', async () => {
    await expect(readPickled(`}${'N0'.repeat(2 ** 17)}.`)).rejects.toThrow(/holds a pickle of \d+ bytes/)
  })
})

describe('configuration files', () => {
  const random = randomNumbers(7)
  it.each([
    ['JSON', '{"d_in": 4, "metadata": {"hook_name": "blocks.1.hook_resid_pre"}, "k": [1, 2.5e3, null, true]}'],
    ['YAML', 'sae:\n  n_heads: 4\n  list: [1, 2.5e3, ~, yes]\n  text: "a\\nb"\nmore: &anchor {a: 1}\nagain: *anchor\n'],
  ] as const)('%s that is damaged is an InputError or an object', (kind, text) => {
    for (let round = 0; round < 500; round++) {
      const file = damaged(Buffer.from(text), random).toString('latin1')
      try {
        expect(typeof parseConfig(`file.${kind.toLowerCase()}`, file, object).fields).toBe('object')
      } catch (error) {
        if (!InputError.isInstance(error)) throw new Error(`${error} for ${JSON.stringify(file)}`, { cause: error })
      }
    }
  })

  it.each([
    ['JSON nested deeply', '['.repeat(200_000)],
    ['YAML nested deeply', '['.repeat(100_000)],
    ['YAML nested deeply in blocks', Array.from({ length: 1000 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
    ['YAML with a type of Python', 'a: !!python/object/apply:os.system ["true"]'],
    ['YAML that is a list', '- a'],
  ])('%s', (kind, text) => {
    const started = performance.now()
    try {
      parseConfig(`file.${kind.slice(0, 4).toLowerCase()}`, text, object)
    } catch (error) {
      expect(InputError.isInstance(error)).toBe(true)
    }
    expect(performance.now() - started).toBeLessThan(2000)
  })

  it('YAML aliases that would unfold into 9^9 values stay small', () => {
    const levels = Array.from({ length: 9 }, (_, i) => `l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(', ')}]`)
    expect(Object.keys(parseConfig('file.yaml', ['l0: &l0 x', ...levels].join('\n'), object).fields)).toHaveLength(10)
  })

  it('do not reach the prototype of objects', () => {
    const json = '{"__proto__": {"polluted": true}, "constructor": 1}'
    for (const name of ['polluted', 'toString'])
      expect(() => parseConfig('file.json', json, objectOf({ [name]: text }))).toThrow(`file.json: ${name} is missing`)
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })
})
