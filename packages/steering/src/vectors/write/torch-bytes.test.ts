import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fixturePath, needs, temporaryFolder } from '../../../../../tests/fixtures.js'
import { torchBytes } from './torch-bytes.js'

const value = new Map([
  [
    'layers.3',
    new Map<string, Parameters<typeof torchBytes>[0]>([
      ['steering_vector', { shape: [2, 3], values: Float32Array.of(0, 1, -2.5, 1e-8, 3, 1e30) }],
      ['steering_coefficient', -0.1],
      ['action', 'clamp'],
      ['bias', null],
      ['head_index', { int: 300 }],
      ['description', 'Hündchen'],
    ]),
  ],
])

const python = process.env.SAEVAL_TEST_PYTHON ?? 'python3'
const hasTorch = spawnSync(python, ['-c', 'import torch']).status === 0

describe('files of torch', () => {
  // tools/goldens/written-torch.py has read it with torch.load
  it('are the bytes that torch has read', () => {
    expect(Buffer.from(torchBytes(value)).equals(readFileSync(fixturePath('golden/vectors/written.pt')))).toBe(true)
  })

  it('are read by torch.load(weights_only=True)', needs('Python with torch', hasTorch), () => {
    const path = join(temporaryFolder(), 'x.pt')
    writeFileSync(path, torchBytes(value))
    const program = `import json, sys, torch
for module, fields in torch.load(sys.argv[1], weights_only=True).items():
    v = fields.pop("steering_vector")
    print(json.dumps([module, str(v.dtype), v.tolist(), fields]))`
    const { stdout, stderr } = spawnSync(python, ['-c', program, path], { encoding: 'utf8' })
    expect(stderr).toBe('')
    const [module, dtype, vector, fields] = JSON.parse(stdout)
    expect([module, dtype]).toEqual(['layers.3', 'torch.float32'])
    expect(vector.flat()).toEqual([0, 1, -2.5, Math.fround(1e-8), 3, Math.fround(1e30)])
    expect(fields).toEqual({
      steering_coefficient: -0.1,
      action: 'clamp',
      bias: null,
      head_index: 300,
      description: 'Hündchen',
    })
  })
})
