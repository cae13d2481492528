// One product of activations [tokens, 2304] with a matrix of Gemma 2 2B's MLP [9216, 2304], by the ways in which saeval can hold the matrix:
// packed by onnxruntime, mapped from a file in float32, mapped in bfloat16 and converted at use, in parts or whole, 8 and 4 bits.
//
//   node bench/products.mjs [--tokens 1,8,64,256,512,1024,2048] [--json]
//
// One thread; the least processor time of several runs, in turn, so that other work on the machine disturbs them alike.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { GraphBuilder } from '../packages/lm-backend-onnx/dist/onnx/graph-builder.js'
import { InferenceSession, Tensor } from '../packages/lm-backend-onnx/dist/runtime/onnxruntime.js'
import { blockSize, blocks, quantizeRows } from '../packages/lm-backend-onnx/dist/weights/quantize-rows.js'

const { values } = parseArgs({
  options: {
    tokens: { type: 'string', default: '1,8,64,256,512,1024,2048' },
    json: { type: 'boolean', default: false },
  },
})
const inFeatures = 2304
const outFeatures = 9216
const folder = mkdtempSync(join(tmpdir(), 'saeval-products-'))
try {
  const rows = await measure()
  if (values.json) console.log(JSON.stringify({ inFeatures, outFeatures, rows }, null, 2))
  else console.table(Object.fromEntries(rows.map(({ tokens, ...times }) => [`${tokens} tokens`, times])))
} finally {
  rmSync(folder, { recursive: true })
}

async function measure() {
  const matrix = Float32Array.from({ length: outFeatures * inFeatures }, () => Math.random() - 0.5)
  const halves = Uint16Array.from(new Uint32Array(matrix.buffer), (word) => word >>> 16)
  const constant = (graph, name, type, shape, array) => {
    writeFileSync(join(folder, name), new Uint8Array(array.buffer))
    return graph.initializer({ name, type, shape, data: { location: name, offset: 0, length: array.byteLength } })
  }
  const shape = [outFeatures, inFeatures]
  const times = (graph, x, value) => graph.node('com.microsoft.FusedMatMul', [x, value], { transB: 1 })
  const quantized = (bits, level) => (graph, x) => {
    const { codes, scales } = quantizeRows(matrix, inFeatures, bits)
    const codeShape = [outFeatures, blocks(inFeatures), (blockSize * bits) / 8]
    const inputs = [
      x,
      constant(graph, `codes${bits}`, 'uint8', codeShape, codes),
      constant(graph, `scales${bits}`, 'float32', [scales.length], scales),
    ]
    const attributes = { K: inFeatures, N: outFeatures, bits, block_size: blockSize, accuracy_level: level }
    return graph.node('com.microsoft.MatMulNBits', inputs, attributes)
  }
  const float = (graph, x) => times(graph, x, constant(graph, 'float32', 'float32', shape, matrix))
  const sessions = {
    packed: await session(float, false),
    'mapped float32': await session(float, true),
    'mapped bfloat16': await session((graph, x) => {
      const rows = 384
      const parts = constant(graph, 'parts', 'bfloat16', [outFeatures / rows, rows, inFeatures], halves)
      const products = graph.forEachPart(parts, { type: 'bfloat16', shape: [rows, inFeatures] }, rows, (part) =>
        times(graph, x, graph.node('Cast', [part], { to: 1 })),
      )
      return graph.node('Reshape', [
        graph.node('Transpose', [products], { perm: [1, 0, 2] }),
        graph.ints([-1, outFeatures]),
      ])
    }, true),
    'whole bfloat16': await session((graph, x) => {
      const stored = constant(graph, 'bfloat16', 'bfloat16', shape, halves)
      return times(graph, x, graph.weightNode('Cast', [stored], { to: 1 }))
    }, true),
    int8: await session(quantized(8, 4), false),
    int4: await session(quantized(4, 1), false),
  }
  const rows = []
  for (const tokens of values.tokens.split(',').map(Number)) {
    const data = Float32Array.from({ length: tokens * inFeatures }, () => Math.random() - 0.5)
    const x = new Tensor('float32', data, [tokens, inFeatures])
    const best = {}
    for (let run = 0; run < (tokens > 1000 ? 5 : 10); run++) {
      for (const [name, created] of Object.entries(sessions)) {
        const start = process.cpuUsage()
        await created.run({ x })
        const { user, system } = process.cpuUsage(start)
        best[name] = Math.min(best[name] ?? Number.POSITIVE_INFINITY, (user + system) / 1000)
      }
    }
    rows.push({ tokens, ...Object.fromEntries(Object.entries(best).map(([name, ms]) => [`${name} (ms)`, round(ms)])) })
  }
  return rows
}

function session(product, mapped) {
  const graph = new GraphBuilder()
  const x = graph.input('x', 'float32', ['tokens', inFeatures])
  graph.output(product(graph, x), 'y', 'float32', ['tokens', outFeatures])
  return InferenceSession.create(graph.build(), {
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
    extra: {
      session: {
        model_external_initializers_file_folder_path: folder,
        ...(mapped ? { disable_prepacking: '1' } : {}),
      },
      ...(mapped ? { optimization: { constant_folding_max_output_size_in_bytes: '65536' } } : {}),
    },
  })
}

function round(value) {
  return Number(value.toPrecision(3))
}
