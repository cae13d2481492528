import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { copyHfHome, gpt2, temporaryFolder } from '../../../../tests/fixtures.js'
import { runCommand } from '../run.testing.js'

/** A folder with a task over three documents, and changed copies of it. */
function taskFolder(others: Readonly<Record<string, (text: string) => string>> = {}): string {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'd.jsonl'), '{"q":"1+1","a":"2"}\n{"q":"2+2","a":"4"}\n{"q":"one\\nplus one","a":"two"}\n')
  const task = `task: sums
dataset_path: json
dataset_kwargs: {data_files: {test: ${join(folder, 'd.jsonl')}}}
test_split: test
output_type: generate_until
doc_to_text: "Q: {{q}}\\nA:"
doc_to_target: "{{a}}"
generation_kwargs: {until: ["\\n"], max_gen_toks: 4}
`
  writeFileSync(join(folder, 'sums.yaml'), task)
  for (const [name, change] of Object.entries(others))
    writeFileSync(join(folder, `${name}.yaml`), change(task.replace('task: sums', `task: ${name}`)))
  return folder
}

describe('saeval describe', () => {
  it('shows the prompts and targets of the first documents', async () => {
    const { code, stdout } = await runCommand(['describe', 'sums', '--include_path', taskFolder(), '-f', '1'])
    expect(code).toBe(0)
    expect(stdout).toBe(`sums: generate_until, 3 documents, 1-shot
=== document 0
--- prompt
Q: 2+2
A: 4

Q: 1+1
A:
--- end
continuation with {'until': ['\\n'], 'max_gen_toks': 4}
target: '2'
=== document 1
--- prompt
Q: 1+1
A: 2

Q: 2+2
A:
--- end
continuation with {'until': ['\\n'], 'max_gen_toks': 4}
target: '4'
`)
  })
})

describe('saeval validate', () => {
  it('says what is wrong with each task and ends in failure', async () => {
    const folder = taskFolder({
      typo: (text) => text.replace('test_split', 'test_spilt'),
      column: (text) => text.replace('{{q}}', '{{question}}'),
      split: (text) => text.replace('test_split: test', 'test_split: tset'),
    })
    const words = 'sums,typo,column,split,nothing'
    const { code, stdout, stderr } = await runCommand(['validate', '-t', words, '--include_path', folder])
    expect(code).toBe(1)
    expect(stdout).toMatch(/typo\.yaml: test_spilt is not a field of a task file; did you mean "test_split"/)
    expect(stdout).toMatch(/task column, document 0: doc_to_text: UndefinedError: 'question' is undefined/)
    expect(stdout).toMatch(/has no split "tset"; it has test/)
    expect(stdout).toMatch(/there is no task, group or tag "nothing"/)
    expect(stderr).toMatch(/4 of 5 tasks cannot be run/)
  })

  it('is content with tasks that can be run', async () => {
    const { code, stdout } = await runCommand(['validate', '-t', 'sums', '--include_path', taskFolder()])
    expect([code, stdout]).toEqual([0, '1 tasks can be run\n'])
  })
})

describe('saeval run', () => {
  const env = () => ({ HF_HOME: copyHfHome([`models--${gpt2.replace('/', '--')}`]), HF_HUB_OFFLINE: '1' })

  it('takes flags from a file, those of the command line first', async () => {
    const folder = taskFolder()
    const config = join(folder, 'run.config')
    writeFileSync(
      config,
      `model_args: {pretrained: ${gpt2}}
tasks: [sums]
include_path: ${folder}
limit: 1
device: cpu
gen_kwargs: {max_gen_toks: 2}
write_out: true
`,
    )
    const { code, stdout, stderr } = await runCommand(['run', '-C', config, '--limit', '2'], env())
    expect(code).toBe(0)
    expect(stdout).toContain("gen_kwargs: ({'max_gen_toks': 2}), limit: 2.0")
    expect(stderr).toContain('=== document 0\n--- prompt\nQ: 1+1\nA:\n--- end')
    writeFileSync(config, 'limitt: 1\n')
    const wrong = await runCommand(['run', '-C', config], env())
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringMatching(/limitt is not a flag.*did you mean "limit"/)])
  })

  it('asks nothing that it has kept, and ends with the same results', async () => {
    const folder = taskFolder()
    const cache = join(folder, 'cache')
    const argv = ['run', '--model', 'hf', '--model_args', `pretrained=${gpt2}`, '--tasks', 'sums']
    const kept = [...argv, '--include_path', folder, '--device', 'cpu', '--use_cache', cache, '--cache_requests']
    const variables = { ...env(), XDG_CACHE_HOME: folder }
    const first = await runCommand(kept, variables)
    const second = await runCommand(kept, variables)
    expect([first.code, second.code]).toEqual([0, 0])
    expect(second.stdout).toBe(first.stdout)
    const plain = await runCommand([...argv, '--include_path', folder, '--device', 'cpu'], variables)
    expect(plain.stdout).toBe(first.stdout)
  })

  it('checks every document of every task before the model with --check_integrity', async () => {
    const folder = taskFolder({
      late: (text) => text.replace('{{q}}', '{% if q|length > 5 %}{{ nothing }}{% endif %}'),
    })
    const argv = ['run', '--model_args', 'pretrained=no/model', '--tasks', 'late', '--include_path', folder]
    const { code, stderr } = await runCommand([...argv, '--check_integrity'], env())
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/--check_integrity: task late, document 2: doc_to_text: UndefinedError/),
    ])
  })

  it('wants a word for tasks that run what the model writes', async () => {
    const folder = taskFolder({ unsafe: (text) => `${text}unsafe_code: true\n` })
    const argv = ['run', '--model_args', `pretrained=${gpt2}`, '--tasks', 'unsafe', '--device', 'cpu']
    const { code, stderr } = await runCommand([...argv, '--include_path', folder], env())
    expect([code, stderr]).toEqual([2, expect.stringContaining('--confirm_run_unsafe_code')])
  })
})
