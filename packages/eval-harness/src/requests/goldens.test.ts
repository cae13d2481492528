import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Template } from '@huggingface/jinja'
import { describe, expect, it } from 'vitest'
import { copyHfHome, fixturePath, hasFixture } from '../../../../tests/fixtures.js'
import { inlineDataset } from '../datasets/inline-dataset.testing.js'
import { loadDataset } from '../datasets/load-dataset.js'
import type { ChatTemplate } from '../language-model.js'
import { multipleChoiceMetrics } from '../metrics/multiple-choice.js'
import { dumpsJson, parseJson } from '../python/json.js'
import { pyStr } from '../python/text.js'
import { numberOf, type PyDict, type PyValue } from '../python/value.js'
import { taskConfig } from '../tasks/task-config.js'
import { buildContexts } from './build-contexts.js'
import { buildRequests } from './build-requests.js'
import { choiceTexts, openTask, target } from './task.js'

const folder = 'golden/requests'
const chatModel = 'hf-home/hub/models--fixture--gpt2-chatml'
const lines = (file: string) =>
  readFileSync(fixturePath(file), 'utf8')
    .trim()
    .split('\n')
    .map((line) => parseJson(line) as PyDict)
const text = (dict: PyDict, key: string) => (dict.get(key) as string | null) ?? null
const hash = (value: string) => createHash('sha256').update(value).digest('hex')

/** Golden tasks that need no Python: their configurations stand among the task goldens. */
function goldenTasks(): { name: string; fields: PyDict }[] {
  if (!hasFixture(folder) || !hasFixture('golden/tasks/configs.jsonl')) return []
  const names = new Set(readdirSync(fixturePath(folder)).map((file) => file.replace('.jsonl', '')))
  return lines('golden/tasks/configs.jsonl')
    .filter((entry) => names.has(entry.get('task') as string) && (entry.get('functions') as PyDict).size === 0)
    .map((entry) => ({ name: entry.get('task') as string, fields: entry.get('config') as PyDict }))
    .filter(({ fields }) => fields.get('output_type') === 'multiple_choice')
}

function chatml(): ChatTemplate {
  const snapshots = fixturePath(`${chatModel}/snapshots`)
  const config = JSON.parse(readFileSync(join(snapshots, readdirSync(snapshots)[0]!, 'tokenizer_config.json'), 'utf8'))
  const source: string = config.chat_template
  return {
    source,
    render: (messages, options) =>
      new Template(source).render({ messages: [...messages], add_generation_prompt: options.addGenerationPrompt }),
  }
}

describe.each(goldenTasks())('requests of $name', ({ name, fields }) => {
  const golden = lines(`${folder}/${name}.jsonl`)
  const head = golden.find((line) => line.get('type') === 'task')!

  const variants = golden.filter(
    (line) => line.get('type') === 'variant' && (text(line, 'chat_template') === null || hasFixture(chatModel)),
  )

  it.each(variants.map((line) => [line.get('id') as string, line]))("are the reference's: %s", async (id, variant) => {
    const numFewshot = variant.get('num_fewshot_arg') as number | null
    const config = taskConfig({ fields, file: name, label: 'tasks/x.yaml' }, { numFewshot })
    const inline = head.get('splits') as PyDict | undefined
    const hub = {
      env: {
        HF_HOME: inline ? '' : copyHfHome([`datasets--${config.datasetPath.replace('/', '--')}`]),
        HF_HUB_OFFLINE: '1',
      },
    }
    const dataset = inline
      ? inlineDataset(name, inline)
      : await loadDataset({ path: config.datasetPath, name: config.datasetName, kwargs: config.datasetKwargs, hub })
    const task = await openTask(config, dataset, variant.get('seed') as number)
    if (id === 'default') {
      expect(task.rules.columns).toEqual(variant.get('features'))
      expect(Number(task.multipleInput)).toBe(Math.sign(variant.get('multiple_input') as number))
      expect(Number(task.multipleTarget)).toBe(Math.sign(variant.get('multiple_target') as number))
    }
    const chat =
      text(variant, 'chat_template') === null
        ? null
        : { template: chatml(), fewshotAsMultiturn: variant.get('fewshot_as_multiturn') === true }
    const wanted = golden.filter((line) => line.get('type') === 'doc' && line.get('variant') === id)
    expect(wanted.length).toBeGreaterThan(0)
    for (const line of wanted) {
      const doc = task.docs[line.get('doc_id') as number]!
      const contexts = buildContexts(task, doc, { systemInstruction: text(variant, 'system_instruction'), chat })
      const requests = buildRequests(task, doc, contexts, chat !== null)
      const answers = (line.get('requests') as PyDict[]).map((request) => request.get('arguments'))
      expect(requests.map(({ context, continuation }) => [context, continuation])).toEqual(answers)
      const json = dumpsJson(doc, { indent: 2, ensureAscii: false })
      if (line.has('doc_json')) expect(json).toBe(line.get('doc_json'))
      expect(hash(json)).toBe(line.get('doc_hash'))
      expect(hash(requests[0]!.context)).toBe(line.get('prompt_hash'))
      expect(pyStr(target(task, doc))).toBe(line.get('target_str'))
      expect(hash(pyStr(target(task, doc)))).toBe(line.get('target_hash'))
    }
    if (id !== 'default') return
    for (const line of golden.filter((line) => line.get('type') === 'score')) {
      const doc = task.docs[line.get('doc_id') as number]!
      const results = (line.get('resps') as [[PyValue, boolean]][]).map(([[logprob, isGreedy]]) => ({
        logprob: numberOf(logprob)!,
        isGreedy,
      }))
      const metrics = multipleChoiceMetrics(
        { choices: choiceTexts(task, doc), gold: target(task, doc), multipleTarget: task.multipleTarget, results },
        config.metricList.map(({ metric }) => metric),
      )
      expect(metrics).toEqual(line.get('metrics'))
    }
  })
})
