import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dumpsJson, parseJson } from '@saeval/python/internal/json/json'
import type { PyDict } from '@saeval/python/internal/values/value'
import { describe, expect, it } from 'vitest'
import { fixtureJson, fixturePath, temporaryFolder } from '../../../../tests/fixtures.js'
import { withoutFunctions } from './fewshot-config.js'
import { type GroupNode, leafNames, leaves, loadTasks, type TaskLeaf, type TaskNode } from './load-tasks.js'
import { indexTasks, type TaskIndex } from './task-index.js'

const index = indexTasks()

describe('shipped tasks', () => {
  const configs = () =>
    readFileSync(fixturePath('golden/tasks/configs.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => parseJson(line) as PyDict)

  it.each(['mmlu_abstract_algebra', 'wmdp_bio'])('%s is configured as upstream', (name) => {
    const golden = configs()
      .find((entry) => entry.get('task') === name)!
      .get('config') as PyDict
    const [leaf] = loadTasks(index, [name]) as [TaskLeaf]
    expect(dumpsJson(withoutFunctions(leaf.config.dump, String), { indent: 2 })).toBe(dumpsJson(golden, { indent: 2 }))
  })

  it.each(['mmlu', 'wmdp'])('group %s has the tree of upstream', (name) => {
    const golden = fixtureJson('golden/tasks/index.json').groups.find((group: { name: string }) => group.name === name)
    const [root] = loadTasks(index, [name]) as [GroupNode]
    const seen = new Map<string, unknown>()
    const visit = (node: TaskNode) => {
      if (node.kind === 'task') return
      const children = node.children.map((child) => (child.kind === 'task' ? child.config.task : child.name))
      const metrics = node.metrics.map(({ metric, filters, weightBySize }) => ({
        metric,
        filter_list: filters,
        aggregation: 'mean',
        weight_by_size: weightBySize,
      }))
      seen.set(node.name, {
        children,
        alias: node.alias === node.name ? null : node.alias,
        version: node.version,
        aggregate_metric_list: metrics,
      })
      for (const child of node.children) visit(child)
    }
    visit(root)
    expect(Object.fromEntries(seen)).toEqual(golden.groups)
    expect(leafNames(root)).toEqual(golden.tasks)
  })
})

describe('task files', () => {
  const write = (files: Record<string, string>) => {
    const folder = temporaryFolder()
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(folder, name, '..'), { recursive: true })
      writeFileSync(join(folder, name), text)
    }
    return folder
  }
  const task =
    'task: t\ndataset_path: json\ntest_split: test\noutput_type: multiple_choice\ndoc_to_text: q\ndoc_to_target: 0\ndoc_to_choice: [a, b]\n'
  const load = (files: Record<string, string>, ...words: string[]) => loadTasks(indexTasks([write(files)]), words)

  it.each([
    ['a field that is not there', `${task}doc_to_txt: q\n`, /doc_to_txt is not a field of a task file/],
    [
      'an unknown output type',
      task.replace('multiple_choice', 'greedy_until'),
      /output_type is "greedy_until"; there are/,
    ],
    ['pictures', `${task}doc_to_image: img\n`, /doc_to_image needs a model that sees images/],
    [
      'a sampler that is not there',
      `${task}fewshot_config: {sampler: balanced}\n`,
      /fewshot_config.sampler is "balanced"; there are default and first_n/,
    ],
    ['broken YAML', `${task}description: "x\n`, /t\.yaml:\d+: /],
    ['a Python class', 'task: t\nclass: !function task.T\n', /Python class/],
    ['a missing field', task.replace('dataset_path: json\n', ''), /dataset_path is missing/],
    [
      'a metric setting that is not there',
      `${task}metric_list: [{metric: acc, ignore_cases: true}]\n`,
      /metric_list.acc.ignore_cases is not a setting of a metric.*ignore_case/,
    ],
    [
      'an unknown metric',
      `${task}metric_list: [{metric: acc_nrm, aggregation: mean}]\n`,
      /"acc_nrm".*did you mean .*acc_norm/,
    ],
    [
      'an unknown aggregation',
      `${task}metric_list: [{metric: acc, aggregation: avg}]\n`,
      /aggregation is "avg", which is not/,
    ],
    [
      'an unknown filter',
      `${task}filter_list: [{name: a, filter: [{function: take_frist}]}]\n`,
      /"take_frist", which is not known.*take_first/,
    ],
    [
      'a regular expression that JavaScript cannot match',
      `${task}filter_list: [{name: a, filter: [{function: regex, regex_pattern: "(?>a)"}]}]\n`,
      /filter_list\.a\.filter\.regex cannot be used: the pattern/,
    ],
    [
      'beam search',
      `${task.replace('multiple_choice', 'generate_until')}generation_kwargs: {num_beams: 4}\n`,
      /generation_kwargs.num_beams is 4: beam search is not supported/,
    ],
    ...[
      ['sampling without a temperature', '{do_sample: true}', /temperature is not above 0/],
      ['a negative temperature', '{do_sample: true, temperature: -1.0}', /temperature is not above 0/],
      ['a probability above 1', '{temperature: 1.0, top_p: 2}', /top_p is 2, not between 0 and 1/],
      ['a negative number of tokens', '{temperature: 1.0, top_k: -3}', /top_k is -3, not a whole number/],
      ['contrastive search', '{penalty_alpha: 0.6}', /penalty_alpha is 0.6: contrastive search is not supported/],
      ['a setting of no name', '{repetition_penality: 1.1}', /is not supported.*repetition_penalty/],
      ['a penalty of no size', '{repetition_penalty: "1.1"}', /repetition_penalty is "1.1", not a number above 0/],
      ['words that are no tokens', '{bad_words_ids: [3]}', /bad_words_ids is \[3\], not a list of lists/],
    ].map(([name, kwargs, message]): [string, string, RegExp] => [
      name as string,
      `${task.replace('multiple_choice', 'generate_until')}generation_kwargs: ${kwargs}\n`,
      message as RegExp,
    ]),
    ['a wrong number of shots', `${task}num_fewshot: two\n`, /num_fewshot is a text, expected a whole number/],
  ])('refuse %s', (_, text, message) => {
    expect(() => load({ 't.yaml': text }, 't')).toThrow(message)
  })

  it('take the fields of their includes, their own last', () => {
    const [leaf] = load(
      { 'base.yaml': task, 'sub/t2.yaml': 'include: ../base.yaml\ntask: t2\ndoc_to_text: other\n' },
      't2',
    ) as [TaskLeaf]
    expect([leaf.config.task, leaf.config.docToText, leaf.config.docToTarget]).toEqual(['t2', 'other', 0])
  })

  it('cannot include themselves', () => {
    expect(() => load({ 'a.yaml': 'include: a.yaml\ntask: a\n' }, 'a')).toThrow(/a\.yaml is included more than once/)
  })

  it('keep 0 shots of their own and take --num_fewshot otherwise', () => {
    const index = indexTasks([
      write({ 'a.yaml': task, 'b.yaml': `${task.replace('task: t', 'task: u')}num_fewshot: 0\n` }),
    ])
    const shots = loadTasks(index, ['t', 'u'], { numFewshot: 3 }).map((node) => (node as TaskLeaf).config.numFewshot)
    expect(shots).toEqual([3, 0])
  })

  it('are found by name, tag, pattern and path', () => {
    const folder = write({ 'a.yaml': `${task}tag: [x, y]\n` })
    const index = indexTasks([folder])
    for (const word of ['t', 'x', 't*', '[t]', join(folder, 'a.yaml')])
      expect(loadTasks(index, [word]).flatMap(leafNames)).toContain('t')
    expect(() => loadTasks(index, ['mmlu_anatomi'])).toThrow(
      /there is no task, group or tag "mmlu_anatomi"; did you mean .*mmlu_anatomy/,
    )
    expect(loadTasks(index, ['t', 'x', 't']).flatMap(leafNames)).toEqual(['t'])
    expect(loadTasks(index, [folder]).flatMap(leafNames)).toEqual(['t'])
    const sources = [['t'], [folder], [join(folder, 'a.yaml')]].map((words) =>
      (loadTasks(index, words)[0] as TaskLeaf).config.metadata.get('config_source'),
    )
    expect(sources).toEqual([join(folder, 'a.yaml'), 'inline', 'inline'])
    expect(loadTasks(index, [join(folder, '*.yaml')]).flatMap(leafNames)).toEqual(['t'])
    expect(() => loadTasks(index, [join(folder, 'b.yaml')])).toThrow(/names the file .*b\.yaml, which is not there/)
    const withGroup = indexTasks([folder, write({ 'g.yaml': 'group: g\ntask: [t]\n' })])
    expect(() => loadTasks(withGroup, ['g', 't'])).toThrow(/asks for task t twice, by g and by t|by t and by g/)
  })

  it('of a later folder replace earlier ones; within a folder the first has the name', () => {
    const first = write({ 'a.yaml': `${task}description: one\n`, 'b.yaml': `${task}description: two\n` })
    const second = write({ 'c.yaml': `${task}description: three\n` })
    const described = (index: TaskIndex) => (loadTasks(index, ['t']) as [TaskLeaf])[0].config.description
    const index = indexTasks([first])
    expect(described(index)).toBe('one')
    expect(index.problems).toEqual([expect.stringMatching(/b\.yaml: the task t is that of .*a\.yaml already/)])
    expect(described(indexTasks([first, second]))).toBe('three')
  })

  // TaskIndex.build of lm_eval 0.4.13 on the same files
  it('of a later folder replace the tags of earlier ones; in a folder the first use of a name counts', () => {
    const named = (name: string, tag: string) => `${task.replace('task: t', `task: ${name}`)}tag: ${tag}\n`
    const first = write({ 'a.yaml': named('one', 'mine'), 'b.yaml': named('two', 'mine') })
    const files = { 'c.yaml': named('three', 'mine'), 'd.yaml': named('four', 'later') }
    const index = indexTasks([first, write({ ...files, 'e.yaml': 'group: later\ntask: [three]\n' })])
    expect([index.tags.get('mine'), index.tags.get('later'), index.entries.has('later')]).toEqual([
      ['three'],
      ['four'],
      false,
    ])
    expect(index.problems).toEqual([expect.stringMatching(/e\.yaml: the group later is a tag of tasks before it/)])
  })

  it('that are broken are found by name and say what is wrong', () => {
    const folder = write({
      'a.yaml': `${task}description:\n  a: 1\n b: 2\n`,
      'b.yaml': task.replace('task: t', 'task: u'),
    })
    const index = indexTasks([folder])
    expect(() => loadTasks(index, ['t'])).toThrow(/a\.yaml:10: /)
    expect(() => loadTasks(index, ['v'])).toThrow(
      /no task, group or tag "v".*not everything could be read: .*a\.yaml:10: /,
    )
    const whole = indexTasks([folder], { whole: true })
    expect([whole.entries.has('t'), whole.entries.has('u')]).toEqual([false, true])
    expect(whole.problems).toEqual(index.problems)
  })

  it('get tags from their includes', () => {
    const folder = write({ base: `${task}tag: y\n`, 'a.yaml': 'include: base\n' })
    expect(indexTasks([folder]).tags.get('y')).toEqual(['t'])
  })

  it('take overrides from the outermost group that has them, a member before its group', () => {
    const [outer] = load(
      {
        't.yaml': `${task}num_fewshot: 1\n`,
        'u.yaml': task.replace('task: t', 'task: u'),
        'inner.yaml': 'group: inner\ntask: [t]\nnum_fewshot: 2\n',
        'outer.yaml': 'group: outer\ntask:\n  - inner\n  - task: u\n    num_fewshot: 5\nnum_fewshot: 3\n',
      },
      'outer',
    ) as [GroupNode]
    expect(leaves([outer]).map(({ task, numFewshot }) => [task, numFewshot])).toEqual([
      ['t', 3],
      ['u', 5],
    ])
  })

  it('take the metadata of a group that is a member, which keeps its own (as in lm_eval 0.4.13)', () => {
    const [outer] = load(
      {
        't.yaml': task,
        'inner.yaml': 'group: inner\ntask: [t]\nmetadata: {version: 1}\n',
        'outer.yaml': 'group: outer\ntask:\n  - group: inner\n    metadata: {version: 7}\n',
      },
      'outer',
    ) as [GroupNode]
    const inner = outer.children[0] as GroupNode
    expect([inner.version, leaves([outer])[0]!.version]).toEqual(['1', 7])
  })

  it('have the order and the types of the keys that they write', () => {
    const choices = `${task.replace('doc_to_choice: [a, b]', 'doc_to_choice: {2: "no", 1: "yes"}')}metadata: {1: x}\n`
    const [leaf] = load({ 't.yaml': choices }, 't') as [TaskLeaf]
    expect([...(leaf.config.docToChoice as PyDict).values()]).toEqual(['no', 'yes'])
    expect([...leaf.config.metadata.keys()]).toContain(1)
  })

  it.each([
    [`${task}1: x\n`, /t\.yaml: 1 is not a field of a task file/],
    [`${task}dataset_kwargs: {yes: x}\n`, /t\.yaml: dataset_kwargs has the key True, which is not a text/],
    [`${task}metric_list: [{metric: acc, 1.5: x}]\n`, /t\.yaml: metric_list has the key 1\.5, which is not a text/],
    [
      `${task}filter_list: [{name: a, filter: [{function: map, null: x}]}]\n`,
      /t\.yaml: filter_list\.a\.filter has the key None, which is not a text/,
    ],
  ])('refuse keys that are no names: %j', (text, message) => {
    expect(() => load({ 't.yaml': text }, 't')).toThrow(message)
  })

  it('form groups with overrides and members of their own', () => {
    const group =
      'group: g\ntask:\n  - t\n  - task: v\n    dataset_path: json\n    test_split: s\n    output_type: multiple_choice\n    doc_to_text: q\n    doc_to_target: 0\n    doc_to_choice: [a]\nnum_fewshot: 2\n'
    const [node] = load({ 't.yaml': task, 'g.yaml': group }, 'g') as [GroupNode]
    expect(leafNames(node)).toEqual(['t', 'g::v'])
    expect(node.children.map((child) => (child as TaskLeaf).config.numFewshot)).toEqual([2, 2])
  })
})
