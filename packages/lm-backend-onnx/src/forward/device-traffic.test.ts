import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { cudaCounts, cudaStub, lavapipe, needsCudaStub, needsLavapipe } from '../../../../tests/devices.js'

const built = (file: string) => JSON.stringify(fileURLToPath(new URL(`../../../${file}`, import.meta.url)))
const folder = fileURLToPath(new URL('../../../../examples/demo/model', import.meta.url))

type Moved = Readonly<Record<'bytesUp' | 'bytesDown', number>>

interface Measured {
  /** What the engine copies, and what CUDA does by the stub's count. */
  readonly engine: Moved
  readonly cuda: Moved
}

interface Seen {
  /** A step in which two rows get a token each: after short prompts, after prompts six times as long, with an edit. */
  readonly plain: Measured
  readonly longer: Measured
  readonly steered: Measured
  /** Scoring 4 and 12 continuations of a context that is kept. */
  readonly few: Measured
  readonly many: Measured
  /** Tensors on the device before and after all that, and after the end. */
  readonly alive: readonly number[]
}

const prompts = ['The dog ate a bone and the', 'A cat sat on the mat and it was']

function seenOn(device: string, environment: Readonly<Record<string, string>>, counts: string | null): Seen {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `
      import { readFileSync } from 'node:fs'
      import { generateUntil, loglikelihood } from ${built('language-model/dist/index.js')}
      import { loadModelPacked } from ${built('lm-backend-onnx/dist/model/load-model.js')}
      import { startRuntime } from ${built('lm-backend-onnx/dist/runtime/start-runtime.js')}
      let runtime
      const start = (options) => (runtime = startRuntime(options))
      const options = { model: ${JSON.stringify(folder)}, device: '${device}', batchSize: 2 }
      const model = await loadModelPacked(options, 0, start)
      const stub = () => {
        const bytes = ${counts === null} ? Buffer.alloc(32) : readFileSync(${JSON.stringify(counts)})
        return { bytesUp: Number(bytes.readBigInt64LE(0)), bytesDown: Number(bytes.readBigInt64LE(16)) }
      }
      const less = (a, b, by) => ({ bytesUp: (a.bytesUp - b.bytesUp) / by, bytesDown: (a.bytesDown - b.bytesDown) / by })
      const measured = async (act) => {
        const [engine, cuda] = [await runtime.traffic(), stub()]
        await act()
        return { engine: less(await runtime.traffic(), engine, 1), cuda: less(stub(), cuda, 1) }
      }
      const write = (model, repeat, maxGenToks) => measured(() => generateUntil(model, ${JSON.stringify(prompts)}.map(
        (prompt) => ({ context: prompt.repeat(repeat), until: [], maxGenToks, doSample: false, temperature: 0, settings: {} }))))
      const step = async (model, repeat = 1) => {
        await write(model, repeat, 2)
        const few = await write(model, repeat, 2)
        const many = await write(model, repeat, 6)
        return { engine: less(many.engine, few.engine, 4), cuda: less(many.cuda, few.cuda, 4) }
      }
      const score = (count) => measured(() => loglikelihood(model, Array.from({ length: count }, (_, index) => (
        { context: 'The dog ate a bone and then it slept in the garden for some hours.', continuation: ' ' + index }))))
      const hookPoint = 'blocks.2.hook_resid_post'
      const addend = new Float32Array(model.widthOf(hookPoint)).fill(0.1)
      const stage = { addend, adds: [], readers: [], phases: [], gatesRead: 'clean', saeReplacement: null }
      const edited = model.steer([{ hookPoint, stages: [stage] }])
      const seen = { plain: await step(model), longer: await step(model, 6), steered: await step(edited) }
      await score(2)
      const alive = [runtime.alive()]
      Object.assign(seen, { few: await score(4), many: await score(12) })
      alive.push(runtime.alive())
      await model.close()
      console.log(JSON.stringify({ ...seen, alive: [...alive, runtime.alive()] }))
      `,
    ],
    {
      encoding: 'utf8',
      env: { ...process.env, ...environment, ...(counts === null ? {} : { CUDA_STUB_COUNTS: counts }) },
    },
  )
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return JSON.parse(stdout)
}

/** Bytes of a token's keys and values in the demo model: 5 layers, 2 heads of 32 numbers each. */
const cachePerToken = 5 * 2 * 2 * 32 * 4

function check({ plain, longer, steered, few, many, alive }: Seen): void {
  // scores of a row come down, and nothing else
  for (const { engine } of [plain, longer, steered]) {
    expect(engine.bytesDown).toBeGreaterThan(0)
    expect(engine.bytesDown).toBeLessThanOrEqual(2 * 64)
  }
  // a token, its place and its mask go up: no cache, which a longer prompt makes larger, and no edit
  expect(plain.engine.bytesUp).toBeLessThan(cachePerToken)
  const moreTokens = 5 * Math.max(...prompts.map(({ length }) => length))
  expect(longer.engine.bytesUp - plain.engine.bytesUp).toBeLessThan(2 * moreTokens * 16)
  // a text may end before the others
  expect(steered.engine.bytesUp).toBeLessThanOrEqual(plain.engine.bytesUp)
  // 14 tokens at least are kept: their cache would be four times this
  expect(few.engine.bytesUp).toBeLessThan(3.5 * cachePerToken)
  expect((many.engine.bytesUp - few.engine.bytesUp) / 8).toBeLessThan(256)
  expect((many.engine.bytesDown - few.engine.bytesDown) / 8).toBeLessThanOrEqual(64)
  expect(alive).toEqual([alive[0], alive[0], 0])
}

it('moves tokens and masks up and scores down on WebGPU, no cache and no edit', needsLavapipe, () => {
  check(seenOn('webgpu', lavapipe!, null))
})

it('moves no more on CUDA, by its own count', needsCudaStub, () => {
  const { path } = cudaCounts()
  const seen = seenOn('cuda:0', cudaStub!, path)
  check(seen)
  const { plain, longer, steered, few, many } = seen
  // nothing is computed there, so no text ends early
  expect(steered).toEqual(plain)
  // beyond what the engine gives it the provider sends parameters of kernels: 8 bytes for each key, where numbers of keys are joined
  const own = ({ engine, cuda }: Measured) => cuda.bytesUp - engine.bytesUp
  expect(own(longer) - own(plain)).toBeLessThan(10 * (longer.engine.bytesUp - plain.engine.bytesUp))
  for (const { engine, cuda } of [plain, longer, steered, few, many]) expect(cuda.bytesDown).toBe(engine.bytesDown)
})
