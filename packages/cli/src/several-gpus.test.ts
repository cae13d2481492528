import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cudaStub, needsCudaStub } from '../../../tests/devices.js'
import { nightly, repository, temporaryFolder } from '../../../tests/fixtures.js'

/** The kernels of the stub compute nothing, so a run's numbers mean nothing; what is asked of which device does. */
function saeval(argv: readonly string[], more: Readonly<Record<string, string>>) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['packages/cli/dist/bin.js', ...argv], {
    cwd: repository,
    encoding: 'utf8',
    env: { ...process.env, ...cudaStub, CUDA_STUB_DEVICES: '2', ...more },
  })
  return { status, stdout, stderr }
}

const run = ['run', '--model', 'hf', '-a', 'pretrained=examples/demo/model', '--include_path', 'examples/demo/tasks']
const tasks = ['--tasks', 'demo_birds', '--limit', '6']

describe('two GPUs over the stub', needsCudaStub, () => {
  // too few tokens for two: that both compute is tested in several-devices.test.ts
  it('take a run of one request at a time, whose passes may keep a beginning and read nothing', () => {
    const folder = temporaryFolder()
    const { status, stderr } = saeval([...run, ...tasks, '--device', 'cuda:0,cuda:1', '-o', folder], {})
    expect({ status, stderr }).toEqual({ status: 0, stderr: expect.not.stringContaining('saeval:') })
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    const results = JSON.parse(readFileSync(join(folder, files.find((name) => /results_.*json$/.test(name))!), 'utf8'))
    expect(results.saeval.device).toBe('cuda:0,cuda:1')
    expect(results.results.demo_birds.sample_len).toBe(6)
  })

  function verifies(compute: string): void {
    const args = 'base_name=examples/demo/model,csv_path=examples/demo/add_dogs.csv,allow_inert_rows=true'
    const { stdout } = saeval(['verify', '-a', `${args}${compute}`, '--device', 'cuda:0'], {})
    const asked = ['tf32', 'bfloat16'].filter((other) => stdout.includes(`compute=${other}: log-probabilities beside`))
    expect(asked).toEqual(compute === '' ? ['tf32', 'bfloat16'] : ['tf32'])
    // only float32 is judged
    expect(/ allowed\)/.test(stdout)).toBe(compute === '')
  }

  // three models, one after the other
  it('are verified with what other arithmetic changes', nightly(), () => verifies(''))

  it('are verified in other arithmetic, which is measured only', () => verifies(',compute=tf32'))
})
