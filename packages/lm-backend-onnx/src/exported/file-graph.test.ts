import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { elementType, encodeModel, type Node } from '../onnx/encode-model.js'
import { readConfig } from '../spec/read-config.js'
import { openModelFiles } from '../weights/weight-files.js'
import { checkOrder } from './check-order.js'
import { dropCopies } from './drop-copies.js'
import { factsOf } from './file-facts.js'
import { constant, fileOf, inBranch, node } from './hand-made-graph.testing.js'
import { openFile } from './open-file.js'
import { valueTypes } from './value-types.js'

const { float32, float16, int32, int64, uint8 } = elementType
const folder = mkdtempSync(join(tmpdir(), 'saeval-graph-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Opens a file with nodes, as other programs write it. */
async function open(nodes: readonly Node[]) {
  writeFileSync(join(folder, 'config.json'), '{"model_type": "llama"}')
  writeFileSync(
    join(folder, 'model.onnx'),
    encodeModel({ opset: 18, nodes, initializers: [], inputs: [], outputs: [] }),
  )
  const files = await openModelFiles(folder, undefined, {})
  return openFile(files, 'model.onnx', readConfig('config.json', '{"model_type": "llama"}'))
}

const encoded = (inner: Node) => {
  const graph = { inputs: [], outputs: [], nodes: [inner] }
  return node('If', ['condition'], ['chosen'], { then_branch: { graph }, else_branch: { graph } })
}

describe('nodes of branches', () => {
  it('are refused where those of the graph are', async () => {
    const rounding = node('DynamicQuantizeLinear', ['x'], ['y', 'scale', 'zero'])
    await expect(open([rounding])).rejects.toThrow(/rounds activations by what is in the whole batch/)
    await expect(open([encoded(rounding)])).rejects.toThrow(/rounds activations by what is in the whole batch/)
    await expect(open([encoded(encoded(rounding))])).rejects.toThrow(/rounds activations by what is in the whole batch/)
  })

  it('tell of matrices of 4 bits', () => {
    const product = node('com.microsoft.MatMulNBits', ['x', 'packed', 'scales'], ['y'], {
      ...{ K: 32, N: 4, bits: 4, block_size: 16, accuracy_level: 4 },
    })
    const tensors = [constant('packed', [4, 2, 8], uint8), constant('scales', [4, 2])]
    const facts = factsOf('model.onnx', fileOf([product], tensors))
    expect(facts).toMatchObject({
      quantization: { bits: 4, block: 16, activations: 'int8' },
      numParameters: 4 * 32 + 8,
    })
    expect(factsOf('model.onnx', fileOf([inBranch([product], tensors)]))).toEqual(facts)
  })
})

describe('the order of nodes', () => {
  const circle = [node('Cast', ['b'], ['a'], { to: 1 }), node('Cast', ['a'], ['b'], { to: 1 })]
  it('is one in which they can be computed', async () => {
    await expect(open(circle)).rejects.toThrow(/the value "?b"? is read before it is computed/)
    await expect(open([encoded(node('Relu', ['z'], ['z']))])).rejects.toThrow(/z"? is read before it is computed/)
    expect(() =>
      checkOrder('f', { nodes: [inBranch([node('Relu', ['later'], ['c'])]), node('Relu', ['x'], ['later'])] }),
    ).toThrow(/before/)
    await expect(open([node('Relu', ['x'], ['a']), node('Relu', ['x'], ['a'])])).rejects.toThrow(/computed twice/)
    expect(() => checkOrder('f', { nodes: [node('Relu', ['x'], ['a']), node('Add', ['a', 'a'], ['b'])] })).not.toThrow()
  })
})

describe('types of values', () => {
  const x = constant('x', [4])
  const typesOf = (nodes: readonly Node[], tensors = [x]) => valueTypes(fileOf(nodes, tensors))

  it('are those of operators that have their own', () => {
    const types = typesOf(
      [
        node('DynamicQuantizeLinear', ['x'], ['rounded', 'scale', 'zero']),
        node('MatMulInteger', ['rounded', 'w', 'zero'], ['sums']),
        node('TopK', ['x', 'k'], ['most', 'where']),
        node('QuantizeLinear', ['x', 'scale'], ['bytes']),
        node('CastLike', ['x', 'half'], ['like']),
        node('If', ['x'], ['chosen']),
        node('com.example.Unknown', ['x'], ['unknown']),
      ],
      [x, constant('half', [1], float16)],
    )
    expect(types.get('sums')).toBe(int32)
    expect([types.get('most'), types.get('where')]).toEqual([float32, int64])
    expect(types.get('like')).toBe(float16)
    for (const value of ['rounded', 'scale', 'zero', 'bytes', 'chosen', 'unknown'])
      expect(types.has(value), value).toBe(false)
  })

  it('follow from what is multiplied with it', () => {
    const types = typesOf([node('com.example.Unknown', ['y'], ['z']), node('MatMul', ['z', 'x'], ['product'])])
    expect(types.get('product')).toBe(float32)
    expect(types.get('z')).toBe(float32)
  })

  it.each(['MatMulInteger', 'QuantizeLinear', 'OneHot', 'If', 'Loop', 'CastLike'])('keep the cast after %s', (op) => {
    const nodes = [node(op, ['x'], ['y']), node('Cast', ['y'], ['z'], { to: float32 })]
    expect(dropCopies(nodes, typesOf(nodes), new Set())).toHaveLength(2)
  })
})
