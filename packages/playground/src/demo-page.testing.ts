import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repository } from '../../../tests/fixtures.js'
import { demoPage } from '../../../tools/demo-page/demo-page.mjs'
import type { Playground } from './browser/playground.js'

export { demoFiles } from '../../../tools/demo-page/demo-page.mjs'

/** The first questions of a task of the demo, all by default, as the harness asks them. */
export function demoTask(name: string, count?: number): Playground['tasks'][number] {
  const text = readFileSync(join(repository, 'examples/demo/tasks', `${name}.jsonl`), 'utf8')
  const questions = text
    .trim()
    .split('\n', count)
    .map((line) => {
      const { question, choices, answer } = JSON.parse(line) as { question: string; choices: string[]; answer: number }
      return { context: `Question: ${question}\nAnswer:`, choices: choices.map((choice) => ` ${choice}`), answer }
    })
  return { name: `demo_${name}`, title: name, questions }
}

const whole = demoPage([demoTask('dogs', 24), demoTask('cats', 24)])

/** The demo's page with few questions, two beginnings and one latent. */
export const demoPlayground: Playground = {
  ...whole,
  prompts: whole.prompts.slice(0, 2),
  newTokens: 12,
  edits: [{ sae: 0, latent: 121, action: 'add', coefficient: 0 }],
}

export const demoModel = demoPlayground.model
