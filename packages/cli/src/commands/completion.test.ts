import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCommand } from '../run.testing.js'
import { shells } from './choices.js'

const folder = mkdtempSync(join(tmpdir(), 'saeval-completion-'))
const scriptOf = (shell: string) => join(folder, `saeval.${shell}`)
const isThere = (shell: string) => spawnSync(shell, ['-c', 'true']).status === 0

beforeAll(async () => {
  for (const shell of shells) {
    const { code, stdout, stderr } = await runCommand(['completion', shell])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    writeFileSync(scriptOf(shell), stdout)
  }
  writeFileSync(join(folder, 'steer.csv'), '')
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Asks a shell that has sourced the script what it offers after a line that is typed. */
const ask: Readonly<Record<string, (line: string) => string[]>> = {
  // as bash itself breaks the line: "=" is a word of its own
  bash: (line) => {
    const typed = line.match(/=|[^\s=]+/g) ?? []
    const words = line.endsWith(' ') ? [...typed, ''] : typed
    const quoted = words.map((word) => `'${word}'`).join(' ')
    return run('bash', [
      '-c',
      `source ${scriptOf('bash')}; COMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}; _saeval; printf '%s\\n' "\${COMPREPLY[@]}"`,
    ])
  },
  zsh: (line) =>
    run('zsh', [
      '-f',
      '-c',
      // a terminal of its own, in which the line is typed and completed; its matches are read from the hook
      `zmodload zsh/zpty; zpty z zsh -f -i
       zpty -w z "autoload -Uz compinit; compinit -u -d ${folder}/dump; source ${scriptOf('zsh')}; PROMPT="
       zpty -w z 'cd ${folder}; zstyle ":completion:*" list-prompt ""; LISTMAX=10000; unsetopt automenu
       show() { compadd() { local -a found; builtin compadd -O found "$@"; print -lr -- $found >> ${folder}/found; builtin compadd "$@" }; _main_complete; unfunction compadd }
       zle -C show complete-word show; bindkey "^I" show; print ready'
       zpty -r -m z out '*ready*ready*'
       rm -f ${folder}/found; zpty -n -w z ${JSON.stringify(line)}$'\\t'
       for i in {1..100}; do sleep 0.05; [[ -s ${folder}/found ]] && break; done; sleep 0.2
       zpty -d z; cat ${folder}/found 2>/dev/null`,
    ]),
  fish: (line) =>
    run('fish', ['--no-config', '-c', `source ${scriptOf('fish')}; complete -C '${line}'`]).map(
      (offer) => offer.split('\t')[0]!,
    ),
}

function run(shell: string, args: readonly string[]): string[] {
  const { stdout, stderr } = spawnSync(shell, args, {
    encoding: 'utf8',
    cwd: folder,
    env: { ...process.env, HOME: folder },
  })
  expect(stderr).toBe('')
  return stdout.split('\n').filter((line) => line !== '')
}

describe.each(['bash', 'zsh', 'fish'])('the completion of %s', (shell) => {
  const offers = (line: string) => [...new Set(ask[shell]!(line))].sort()
  const test = it.runIf(isThere(shell))

  test('completes commands, flags and what they take', () => {
    expect(offers('saeval swe')).toEqual(['sweep'])
    expect(offers('saeval completion ')).toEqual(['bash', 'fish', 'zsh'])
    expect(offers('saeval sweep --coeff')).toEqual(['--coefficients'])
    expect(offers('saeval run --cache_requests re')).toEqual(['refresh'])
    expect(offers('saeval sweep --actions clamp_a')).toEqual(['clamp_above', 'clamp_active'])
    // flags without a command mean run
    expect(offers('saeval --limit 3 --predict')).toEqual(['--predict_only'])
    // a flag that the command refuses is not offered
    expect(offers('saeval sweep --log_sam')).toEqual([])
  })

  test('completes tasks and models, also in lists', () => {
    expect(offers('saeval run --tasks wmdp_b')).toEqual(['wmdp_bio'])
    expect(offers('saeval run --tasks mmlu_anatomy wmdp_b')).toEqual(['wmdp_bio'])
    expect(offers('saeval run --tasks mmlu_anatomy,wmdp_b')).toEqual(
      // bash and fish offer the whole word, zsh what is after the comma
      [shell === 'zsh' ? 'wmdp_bio' : 'mmlu_anatomy,wmdp_bio'],
    )
    expect(offers('saeval saes --model gpt2-s')).toEqual(['gpt2-small'])
    expect(offers('saeval run --model st')).toEqual(['steered'])
    expect(offers('saeval run -a csv_p')).toEqual(['csv_path='])
    const model = offers('saeval run -a base_name=gpt2-s')
    expect(model).toEqual([shell === 'fish' ? 'base_name=gpt2-small' : 'gpt2-small'])
  })
})
