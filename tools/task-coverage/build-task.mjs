// Builds the requests of a task on stored documents of its dataset, or on made-up ones.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { message, refusedFor, stage } from './build-errors.mjs'
import { storedDocuments } from './stored-documents.mjs'
import {
  comparedColumns,
  docOf,
  firstKind,
  keyedKinds,
  kinds,
  mentionedColumns,
  mentionedKeys,
} from './synthetic-docs.mjs'
import { namesIn, templatesOf } from './task-words.mjs'

/** Milliseconds for finding documents for one kind of task. */
const budget = 12_000
const documents = 30

export async function taskBuilder({ dist, root, index, repository }) {
  const pythonDist = join(repository, 'packages/python/dist')
  const { loadTasks, leaves } = await import(join(dist, 'tasks/load-tasks.js'))
  const { prepareTask } = await import(join(dist, 'prepare-task.js'))
  const { FunctionReference } = await import(join(pythonDist, 'functions/function-reference.js'))
  const { taskFunctions } = await import(join(pythonDist, 'pyodide/task-functions.js'))
  const { requestArguments } = await import(join(dist, 'requests/task-request.js'))
  const { fromPlain } = await import(join(pythonDist, 'values/value.js'))
  const { parseJson, dumpsJson } = await import(join(pythonDist, 'json/json.js'))
  const python = taskFunctions([root])
  const stored = storedDocuments(repository, parseJson)
  /** Columns that worked, by what tasks read. */
  const solved = new Map()
  const unsolved = new Map()

  const prepare = async (config, functions, dataset) => {
    const { asked } = await prepareTask(config, {
      limit: 3,
      samples: null,
      fewshotSeed: 1234,
      functions,
      dataset,
      prompt: { systemInstruction: null, chat: null },
    })
    if (asked.length === 0 || asked.some(({ requests }) => requests.length === 0)) throw new Error('no requests')
    return dumpsJson(
      asked.map(({ doc, requests }) => [doc, requests.map((request) => [request.type, requestArguments(request)])]),
      { ensureAscii: false },
    )
  }

  const datasetOf = (rows) => {
    const docs = rows.map(fromPlain)
    const split = {
      columns: [...new Set(docs.flatMap((doc) => [...doc.keys()]))],
      length: docs.length,
      rows: async (start, end) => docs.slice(start, end),
    }
    return { name: 'made-up documents', splitNames: [], split: async () => split }
  }

  const referencesOf = (value) => {
    if (value instanceof FunctionReference) return [value]
    if (Array.isArray(value)) return value.flatMap(referencesOf)
    if (value instanceof Map) return [...value.values()].flatMap(referencesOf)
    return typeof value === 'object' && value !== null ? Object.values(value).flatMap(referencesOf) : []
  }

  async function build(name) {
    let config
    try {
      config = leaves(loadTasks(index, [name]))[0]
    } catch (error) {
      return { how: 'refused', why: message(error, root) }
    }
    const references = referencesOf(config)
    const sources = [...new Set(references.map(({ file }) => file))]
      .filter(existsSync)
      .map((file) => readFileSync(file, 'utf8'))
    const templates = templatesOf(config)
    const key = JSON.stringify([templates, sources, config.outputType, config.numFewshot])
    const tries = []
    const real = stored.get(config.datasetPath)
    if (real !== undefined) tries.push({ documents: 'stored', dataset: real })
    let why = ''
    for (const { documents: on, dataset } of tries) {
      try {
        return await finish(config, dataset, on)
      } catch (error) {
        why = message(error, root)
      }
    }
    const known = solved.get(key)
    const found = await search(
      config,
      templates,
      sources,
      [...namesIn(config.datasetName ?? ''), ...namesIn(name)],
      known,
    )
    if (found.dataset === undefined) {
      if (!refusedFor(found.why)) unsolved.set(key, (unsolved.get(key) ?? 0) + 1)
      return { how: refusedFor(found.why) ? 'refused' : 'unbuilt', why: found.why || why }
    }
    solved.set(key, found)
    try {
      return await finish(config, found.dataset, 'made-up')
    } catch (error) {
      return { how: 'unbuilt', why: message(error, root) }
    }
  }

  async function finish(config, dataset, on) {
    await prepare(config, python, dataset)
    return { how: 'built', on }
  }

  /** Looks for columns and values with which the task builds its requests. */
  async function search(config, templates, sources, names, known) {
    let columns = new Map(known?.columns ?? mentionedColumns(templates, sources))
    const compared = comparedColumns(sources, templates, names)
    const keys = mentionedKeys(templates, sources, names)
    const seen = new Set()
    let why = ''
    // a source may compare in a function of its own
    if (compared.columns.length === 0 && sources.some((source) => source.includes('.filter(')))
      compared.columns.push(...[...columns].filter(([, kind]) => kind === 'sentence').map(([name]) => name))
    /** Rows that filters keep: a compared column takes each of the texts. */
    const keeping = (row, texts) =>
      compared.columns.flatMap((column) =>
        texts.map((text) => ({
          ...row,
          ...Object.fromEntries(
            compared.columns.map((other) => [
              other,
              other === column || compared.columns.length < 3 ? text : row[other],
            ]),
          ),
        })),
      )
    const attempt = async (tried) => {
      const rows = Array.from({ length: documents }, (_, place) => docOf(tried, place, keys))
      const [row] = rows
      const lists = [
        () => rows,
        () => [...rows, ...keeping(row, names)],
        () => [...rows, ...keeping(row, compared.texts)],
        () => keeping(row, compared.texts),
        () => keeping(row, compared.texts.slice(0, 200)).flatMap((item) => Array.from({ length: 8 }, () => item)),
      ]
      for (const [place, list] of lists.entries()) {
        if (place < (known?.list ?? 0) || (place > 0 && compared.columns.length === 0)) continue
        const dataset = datasetOf(list())
        try {
          await prepare(config, python, dataset)
          return { dataset, list: place }
        } catch (error) {
          why = message(error, root)
          if (!/has no documents|KeyError|ValueError|only \d+ to choose|few-shot/.test(why)) break
        }
      }
      return { why }
    }
    let current = await attempt(columns)
    // a kind of task that was not solved before is not tried as long again
    const until =
      Date.now() +
      (unsolved.get(JSON.stringify([templates, sources, config.outputType, config.numFewshot])) ? 0 : budget)
    const raws = compared.texts
      .filter((text) => /^\S{1,24}$/.test(text))
      .slice(0, 40)
      .map((raw) => ({ raw }))
    while (current.dataset === undefined && Date.now() < until) {
      if (refusedFor(current.why)) return current
      seen.add(current.why)
      const lacking =
        /['"]([\p{L}\w .-]+?)['"] is undefined|KeyError: ['"]?([^'"(]+?)['"]? \(|KeyError: ['"]([^'"]+)['"]|Column ([\w-]+) not|no attribute ['"]([^'"]+)/u.exec(
          current.why,
        )
      const missing = lacking?.slice(1).find((group) => group !== undefined)
      if (
        missing !== undefined &&
        !columns.has(missing) &&
        !/^\d+$/.test(missing) &&
        !/no attribute/.test(current.why)
      ) {
        const tried = new Map(columns).set(missing, firstKind(missing))
        const result = await attempt(tried)
        columns = tried
        if (result.dataset !== undefined || !seen.has(result.why)) {
          current = result
          continue
        }
      }
      // choices may be whatever other columns there are
      if (/no requests/.test(current.why) && !columns.has('choice1')) {
        for (const place of [1, 2, 3]) columns.set(`choice${place}`, 'sentence')
        current = await attempt(columns)
        continue
      }
      // the change that gets furthest; a column that the message names first
      const order = [...columns.keys()].sort(
        (x, y) => Number(current.why.includes(y)) - Number(current.why.includes(x)),
      )
      let best = null
      // a table that lacks the value of a column wants one of its keys
      const looked =
        /KeyError|^'/.test(current.why) && current.why.includes(String(docOf(new Map([['x', 'sentence']]), 0, keys).x))
      all: for (const values of looked
        ? [raws, kinds, keyedKinds]
        : /attribute 'keys'|indices must be|not subscriptable/.test(current.why)
          ? [keyedKinds, kinds, raws]
          : [kinds, keyedKinds, raws]) {
        for (const column of order) {
          for (const kind of values) {
            if (Date.now() > until) break all
            if (columns.get(column) === kind) continue
            const changed = new Map(columns).set(column, kind)
            const result = await attempt(changed)
            if (result.dataset !== undefined) return { ...result, columns: changed }
            if (!seen.has(result.why) && stage(result.why) > (best?.stage ?? -1))
              best = { changed, result, stage: stage(result.why) }
            if (best !== null && best.stage > stage(current.why)) break all
          }
        }
      }
      if (best === null || best.stage < stage(current.why) - 0.001) return current
      columns = best.changed
      current = best.result
    }
    return { ...current, columns }
  }

  return { build, close: () => python.close() }
}
