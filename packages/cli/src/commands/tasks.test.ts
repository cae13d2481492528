import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { copyHfHome, demoFolder, gpt2, temporaryFolder } from '../../../../tests/fixtures.js'
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
    expect(stdout).toMatch(
      /no task, group or tag "nothing".*"git clone --depth 1 https:\S+" and --include_path lm-evaluation-harness\/lm_eval\/tasks/,
    )
    expect(stderr).toMatch(/4 of 5 tasks cannot be run/)
  })

  it('says once what is wrong with many tasks', async () => {
    const env = { HF_HOME: temporaryFolder(), HF_HUB_OFFLINE: '1' }
    const { stdout, stderr } = await runCommand(['validate', '-t', 'mmlu,wmdp'], env)
    const lines = stdout.trimEnd().split('\n')
    expect(lines).toHaveLength(2)
    expect(lines[0]).toMatch(
      /^task mmlu_\w+: cais\/mmlu \(revision main\) is not in the cache .* \(so do 56 more: mmlu_\w+, mmlu_\w+, mmlu_\w+, …\)$/,
    )
    expect(stderr).toBe('saeval: 60 of 60 tasks cannot be run\n')
    const whole = { HF_HOME: copyHfHome(['datasets--cais--mmlu']), HF_HUB_OFFLINE: '1' }
    const names = 'mmlu_nutrition,mmlu_sociology,mmlu_abstract_algebra'
    expect((await runCommand(['validate', '-t', names], whole)).stdout).toMatch(
      /^task mmlu_nutrition: dataset cais\/mmlu has no configuration "nutrition"; .* \(so do 1 more: mmlu_sociology\)\n$/,
    )
  })

  it('says which documents can never be right', async () => {
    const folder = temporaryFolder()
    const rows = [1, 4, 2, -1, 5, 6, 7, 8].map((label) => ({
      q: 'Pig says?',
      c: ['a', 'b', 'c', 'd'],
      label,
      ans: 'A',
    }))
    writeFileSync(join(folder, 'd.jsonl'), rows.map((row) => JSON.stringify(row)).join('\n'))
    const file = (name: string, target: string, more = '') =>
      writeFileSync(
        join(folder, `${name}.yaml`),
        `task: ${name}
dataset_path: json
dataset_kwargs: {data_files: {test: ${folder}/d.jsonl}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{q}}"
doc_to_choice: c
doc_to_target: ${target}
metric_list: [{metric: acc}]
${more}`,
      )
    file('by_label', 'label')
    file('by_text', 'ans')
    file('by_list', '"{{[0, label]}}"')
    const never = 'can never be right, since the answer is none of the choices'
    const wanted: Record<string, string> = {
      by_label: `6 of 8 documents ${never} (documents 1, 3, 4, 5, 6, and 1 more)`,
      by_text: `8 of 8 documents ${never} (documents 0, 1, 2, 3, 4, and 3 more)`,
      by_list:
        '6 of 8 documents have answers that are none of the choices, beside others that are (documents 1, 3, 4, 5, 6, and 1 more)',
    }
    for (const [name, text] of Object.entries(wanted)) {
      const { stdout } = await runCommand(['validate', '-t', name, '--include_path', folder])
      expect(stdout).toBe(`task ${name}: ${text}\n1 tasks can be run\n`)
      const run = ['run', '--model_args', 'pretrained=examples/demo/model', '-t', name, '--include_path', folder]
      for (const more of [[], ['--check_integrity'], ['-L', '8']]) {
        const { code, stderr } = await runCommand([...run, '--device', 'cpu', ...more])
        expect(code).toBe(0)
        expect(stderr.split(`task ${name}: ${text}\n`)).toHaveLength(2)
      }
      const { stderr } = await runCommand([...run, '--device', 'cpu', '-L', '1'])
      if (name !== 'by_text') expect(stderr).not.toContain('documents')
    }
  })

  it('is content with tasks that can be run', async () => {
    const { code, stdout } = await runCommand(['validate', '-t', 'sums', '--include_path', taskFolder()])
    expect([code, stdout]).toEqual([0, '1 tasks can be run\n'])
  })
})

describe('saeval run', () => {
  it("names task files as they were given, and knows lm_eval's names of hf", async () => {
    const inside = ['.', 'examples', 'demo', '..', 'demo', 'tasks', ''].join('/')
    const sources = [
      ['--include_path', inside, 'examples/demo/../demo/tasks/demo_stories.yaml'],
      ['--include_path', join(demoFolder, 'tasks'), join(demoFolder, 'tasks', 'demo_stories.yaml')],
      ['--include_path', 'examples/demo/tasks/demo_stories.yaml', 'examples/demo/tasks/demo_stories.yaml'],
    ] as const
    for (const [index, [flag, folder, source]] of sources.entries()) {
      const name = ['huggingface', 'hf-auto', 'hf'][index]!
      const args = ['run', '--model', name, '--model_args', 'pretrained=examples/demo/model', '-t', 'demo_stories']
      const { stdout } = await runCommand([...args, flag, folder, '-L', '1', '--device', 'cpu', '--show_config'])
      const results = JSON.parse(stdout.slice(0, stdout.indexOf('\n}\n') + 2))
      expect(results.configs.demo_stories.metadata.config_source).toBe(source)
      expect(results.config.model).toBe(name)
      expect(results).toMatchObject({ transformers_version: 'N/A', lm_eval_version: null })
      expect(results.git_hash === null || typeof results.git_hash === 'string').toBe(true)
    }
  })

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
