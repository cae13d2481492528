import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { expect, it } from 'vitest'
import { inFlags } from '../packages/cli/src/options/flag-words.js'
import { createProgram } from '../packages/cli/src/program.js'
import { call, option, sentence } from '../packages/hub/src/index.js'
import { repository } from './fixtures.js'

const packages = join(repository, 'packages')

/** Sources of the libraries by path, without comments on lines of their own. */
const sources = readdirSync(packages)
  .filter((name) => name !== 'cli')
  .flatMap((name) =>
    readdirSync(join(packages, name, 'src'), { recursive: true, encoding: 'utf8' }).map((file) =>
      join(packages, name, 'src', file),
    ),
  )
  .filter((path) => path.endsWith('.ts') && !/\.(test|testing)\.ts$/.test(path))
  .map((path) => ({
    path: relative(packages, path).replace('/src/', '/'),
    code: readFileSync(path, 'utf8').replaceAll(/^\s*(?:\/\*|\*|\/\/).*$/gm, ''),
  }))

/** The sentences of a source that name an option or a function, as the command line says them; "…" for other values. */
function sentencesOf(code: string): string[] {
  return [...code.matchAll(/\bsentence`/g)]
    .map(({ index }) => {
      const named = new Set<string>()
      const text = template(code, index + 'sentence`'.length, (expression) => {
        const [, kind, name] = /^(option|call)\('(\w+)'\)$/.exec(expression) ?? []
        if (name === undefined) return '…'
        named.add(name)
        return inFlags(kind === 'option' ? sentence`${option(name)}` : sentence`${call(name)}`)
      })
      return named.size === 0 ? null : text
    })
    .filter((text) => text !== null)
}

/** The text of the template that begins at `from`, with what `show` makes of its expressions. */
function template(code: string, from: number, show: (expression: string) => string): string {
  let text = ''
  for (let at = from; code[at] !== '`'; at++) {
    if (code.startsWith('${', at)) {
      const end = endOfExpression(code, at + 2)
      text += show(code.slice(at + 2, end))
      at = end
    } else text += code[at]
  }
  return text
}

function endOfExpression(code: string, from: number): number {
  let depth = 1
  for (let at = from; ; at++) {
    if (code[at] === '{') depth++
    if (code[at] === '}' && --depth === 0) return at
  }
}

// flags and styles that are not the command line's, by file
const others: Readonly<Record<string, RegExp>> = {
  'experiments/git-hash.ts': /--always/g,
  'hub/system-reason.ts': /ulimit -[un]/g,
  'hub/repository.ts': /s--\$\{/g,
  'eval-harness/tasks/task-index.ts': /clone --depth/g,
  'lm-backend-onnx/model/model-files.ts': /python -c/g,
  'lm-backend-onnx/model/read-requests.ts': /--open\[/g,
  'lm-backend-onnx/model/score.ts': /--open\[/g,
  'python/templates/arithmetic.ts': / -[xy] /g,
  'python/pyodide/walls.ts': /--[a-z-]+|'-c'| -[fcn] /g,
  'report/browser/generations-page.ts': /--s/g,
  'report/html/page-style.ts': /--[a-z-]+/g,
  'report/html/render-generations.ts': /--s:|var\(--[a-z]+\)/g,
  'report/statistics/mcnemar.ts': / -n /g,
}
const pending = ['experiments', 'language-model', 'lm-backend-onnx', 'lm-backend-openai', 'report', 'steering']
const flagOrCommand = /--[a-z][a-z_]*|--\$\{|"saeval [a-z]|[ ("'`]-[a-zA-Z](?=[ ,)"'`])/g

it('libraries name no flag and no command of the command line', () => {
  const found = sources
    .filter(({ path }) => !pending.includes(path.split('/')[0]!))
    .flatMap(({ path, code }) =>
      [...code.replaceAll(others[path] ?? /$^/g, '').matchAll(flagOrCommand)].map(([text]) => `${path}: ${text}`),
    )
  expect(found).toEqual([])
})

it('the command line has every option and every function that they name', () => {
  const stream = { write() {} }
  const program = createProgram({ stdout: stream, stderr: stream, signal: new AbortController().signal })
  const flags = program.commands.flatMap(({ options }) => options.map(({ long }) => long))
  const commands = program.commands.map((command) => command.name())
  for (const { code } of sources) {
    for (const [, name] of code.matchAll(/\boption\('(\w+)'\)/g))
      expect(flags).toContain(inFlags(sentence`${option(name!)}`))
    for (const [, name] of code.matchAll(/\bcall\('(\w+)'\)/g))
      expect(commands).toContain(inFlags(sentence`${call(name!)}`).match(/^"saeval (\w+)/)?.[1])
  }
})

it('the command line says their sentences with its flags', () => {
  const said = new Set(sources.flatMap(({ code }) => sentencesOf(code)))
  expect([...said].sort()).toEqual([
    '"git clone --depth 1 https://github.com/EleutherAI/lm-evaluation-harness" and --include_path lm-evaluation-harness/lm_eval/tasks',
    '--apply_chat_template: the model has no chat template',
    '--output_path …',
    '--samples asks for document … of task …, which has documents 0 to …',
    '--samples names task …, which is not among the tasks to run',
    '--tasks asks for task … twice, by … and by …; name it once',
    '--tasks names the file …, which is not there',
    '--tasks names the folder …, in which there is no *.yaml',
    '--tasks names …, which matches no file',
    '--use_cache: this model does not tell what identifies it, so its answers cannot be kept',
    'task … runs code that the model writes; --confirm_run_unsafe_code says that this is wanted',
    'there is no task, group or tag "…"… ("saeval ls tasks" lists them; those of lm-evaluation-harness come with …)…',
    'this runtime has no permission model: code that left the sandbox of Python functions of tasks would have your files and network; --confirm_run_unsafe_code runs them all the same, Node without it',
  ])
})
