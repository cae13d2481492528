import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ChatTemplate } from '@saeval/language-model'
import { dumpsJson, parseJson } from '@saeval/python/internal/json/json'
import { taskFunctions } from '@saeval/python/internal/pyodide/task-functions'
import { makeChatTemplate } from '@saeval/python/internal/templates/chat-template'
import { pyStr } from '@saeval/python/internal/text/text'
import { fromPlain, numberOf, type PyDict, type PyValue } from '@saeval/python/internal/values/value'
import { afterAll, describe, expect, it } from 'vitest'
import { casesHere, copyHfHome, fixturePath } from '../../../../tests/fixtures.js'
import { tolerance } from '../../../../tests/tolerances.js'
import { inlineDataset } from '../datasets/inline-dataset.testing.js'
import { applyPipeline } from '../filters/apply-pipeline.js'
import { aggregateTask, type MetricValues } from '../metrics/aggregate-task.js'
import { prepareTask } from '../prepare-task.js'
import { processResults } from '../scoring/process-results.js'
import { leaves, loadTasks } from '../tasks/load-tasks.js'
import { taskConfig } from '../tasks/task-config.js'
import { indexTasks } from '../tasks/task-index.js'
import { target } from './task.js'
import { requestArguments } from './task-request.js'

const folder = 'golden/requests'
const chatModel = 'hf-home/hub/models--fixture--gpt2-chatml'
const lines = (file: string) =>
  readFileSync(fixturePath(file), 'utf8')
    .trim()
    .split('\n')
    .map((line) => parseJson(line) as PyDict)
const text = (dict: PyDict, key: string) => (dict.get(key) as string | null) ?? null
const hash = (value: string) => createHash('sha256').update(value).digest('hex')

/** Upstream's task folder, whose Python functions the repository does not carry; without it their tasks are left out. */
const upstream = process.env.LM_EVAL_TASKS
const upstreamIndex = upstream === undefined ? null : indexTasks([upstream])
const functions = upstream === undefined ? null : taskFunctions([upstream])
afterAll(() => functions?.close())

/** Golden tasks, whose configurations stand among the task goldens. */
function goldenTasks(): { name: string; fields: PyDict }[] {
  const names = new Set(readdirSync(fixturePath(folder)).map((file) => file.replace('.jsonl', '')))
  return lines('golden/tasks/configs.jsonl')
    .filter((entry) => names.has(entry.get('task') as string))
    .filter((entry) => upstream !== undefined || (entry.get('functions') as PyDict).size === 0)
    .map((entry) => ({ name: entry.get('task') as string, fields: entry.get('config') as PyDict }))
}

function chatml(): ChatTemplate {
  const snapshots = fixturePath(`${chatModel}/snapshots`)
  const config = JSON.parse(readFileSync(join(snapshots, readdirSync(snapshots)[0]!, 'tokenizer_config.json'), 'utf8'))
  const source: string = config.chat_template
  return {
    source,
    render: (messages, options) =>
      makeChatTemplate(source)(
        new Map([
          ['messages', fromPlain(messages)],
          ['add_generation_prompt', options.addGenerationPrompt],
        ]),
      ),
  }
}

/** The task of a golden file as one of its variants has it. */
function open(name: string, fields: PyDict, head: PyDict, variant: PyDict, limit: number) {
  const numFewshot = variant.get('num_fewshot_arg') as number | null
  const config =
    upstreamIndex === null
      ? taskConfig({ fields, file: name, label: 'tasks/x.yaml' }, { numFewshot })
      : leaves(loadTasks(upstreamIndex, [name], { numFewshot }))[0]!
  const inline = head.get('splits') as PyDict | undefined
  const env = {
    HF_HOME: inline ? '' : copyHfHome([`datasets--${config.datasetPath!.replace('/', '--')}`]),
    HF_HUB_OFFLINE: '1',
  }
  const chat =
    text(variant, 'chat_template') === null
      ? null
      : { template: chatml(), fewshotAsMultiturn: variant.get('fewshot_as_multiturn') === true }
  return prepareTask(config, {
    limit,
    samples: null,
    fewshotSeed: variant.get('seed') as number,
    prompt: { systemInstruction: text(variant, 'system_instruction'), chat },
    hub: { env },
    ...(functions === null ? {} : { functions }),
    ...(inline ? { dataset: inlineDataset(name, inline) } : {}),
  })
}

describe.each(goldenTasks())('requests of $name', ({ name, fields }) => {
  const golden = lines(`${folder}/${name}.jsonl`)
  const of = (type: string) => golden.filter((line) => line.get('type') === type)
  const head = of('task')[0]!
  const variants = casesHere(of('variant'), (line) => (text(line, 'chat_template') === null ? folder : chatModel))

  it.each(variants.map((line) => [line.get('id') as string, line]))("are the reference's: %s", async (id, variant) => {
    const wanted = of('doc').filter((line) => line.get('variant') === id)
    expect(wanted.length).toBeGreaterThan(0)
    const { task, asked } = await open(name, fields, head, variant, wanted.length)
    if (id === 'default') {
      expect(task.columns).toEqual(variant.get('features'))
      expect(task.config.outputType).toBe(variant.get('output_type'))
      expect(Number(task.multipleInput)).toBe(Math.sign(variant.get('multiple_input') as number))
      expect(Number(task.multipleTarget)).toBe(Math.sign(variant.get('multiple_target') as number))
    }
    for (const [index, line] of wanted.entries()) {
      const { docId, doc, requests } = asked[index]!
      expect(docId).toBe(line.get('doc_id'))
      const requested = line.get('requests') as PyDict[]
      expect(requests.map(requestArguments)).toEqual(requested.map((request) => request.get('arguments')))
      expect(requests.map(({ type }) => type)).toEqual(requested.map((request) => request.get('request_type')))
      expect(task.config.repeats).toBe(requested[0]!.get('repeats'))
      const json = dumpsJson(doc, { indent: 2, ensureAscii: false })
      if (line.has('doc_json')) expect(json).toBe(line.get('doc_json'))
      expect(hash(json)).toBe(line.get('doc_hash'))
      expect(hash(requestArguments(requests[0]!)[0] as string)).toBe(line.get('prompt_hash'))
      expect(pyStr(await target(task, doc))).toBe(line.get('target_str'))
      expect(hash(pyStr(await target(task, doc)))).toBe(line.get('target_hash'))
    }
  })

  // toxigen's answers are numbers of numpy, which lm_eval takes for no index of a choice; they are plain ones here
  const errors = name === 'toxigen' ? [] : of('error')
  it.each(errors.map((line) => [line.get('variant') as string, line]))('fail as there: %s', async (id, line) => {
    // every task has the same variants; one that fails stands in this file only as an error
    const variant = lines(`${folder}/gsm8k.jsonl`).find((item) => item.get('id') === id)!
    await expect(open(name, fields, head, variant, 1), String(line.get('message'))).rejects.toThrow(name)
  })

  it.skipIf(of('score').length === 0)('are scored as there', async () => {
    const variant = of('variant').find((line) => line.get('id') === 'default')!
    const { task, metrics, asked } = await open(name, fields, head, variant, variant.get('limit') as number)
    const values: MetricValues[] = []
    for (const pipeline of task.config.filters) {
      const scores = of('score').filter((line) => line.get('filter') === pipeline.name)
      const docs = scores.map((line) => asked.find(({ docId }) => docId === line.get('doc_id'))!.doc)
      const answers = scores.map((line) => line.get('resps') as PyValue[][])
      const owners = answers.flatMap((list, index) => list.map(() => docs[index]!))
      const filtered = await applyPipeline(pipeline, answers.flat(), owners, task.functions)
      let from = 0
      for (const [index, line] of scores.entries()) {
        const results = filtered.slice(from, from + answers[index]!.length)
        from += results.length
        expect(results).toEqual(line.get('filtered'))
        const scored = await processResults(task, metrics, {
          doc: docs[index]!,
          requests: [],
          answers: [],
          results,
        })
        expect(scored).toEqual(line.get('metrics'))
        for (const [metric, value] of scored) {
          const known = values.find((item) => item.metric === metric && item.filter === pipeline.name)
          if (known) known.items.push(value)
          else values.push({ metric, filter: pipeline.name, items: [value] })
        }
      }
    }
    const options = { bootstrapIterations: 100, onBootstrap: () => {} }
    const results = await aggregateTask(values, metrics, task.functions, options)
    for (const line of of('aggregate')) {
      const key = (name: string) => `${name},${line.get('filter')}`
      const near = (actual: PyValue | undefined, expected: PyValue | undefined) => {
        const number = numberOf(expected)
        if (number === null) return expect(actual).toEqual(expected)
        expect(Math.abs(numberOf(actual)! - number)).toBeLessThanOrEqual(tolerance.metrics * Math.max(1, number))
      }
      near(results.get(key(line.get('metric') as string)), line.get('value'))
      near(results.get(key(`${line.get('metric')}_stderr`)), line.get('stderr_iters_100'))
    }
  })
})
