import type { Edit, Kind, Parts, Requests } from '../protocol.js'
import { editRow, latentName } from './edit-rows.js'
import { byId, make } from './elements.js'
import { latentSearch } from './latent-search.js'
import { acts, hasRoom, linkOf, type Setting, settingOf } from './setting.js'
import { TasksTable } from './tasks-table.js'
import { showActive, showNext, showText } from './texts.js'
import type { WorkerClient } from './worker-client.js'

/** A worker whose WebAssembly is on its way; `prepared` resolves to a sentence where that went wrong. */
export interface PreparedWorker {
  readonly worker: WorkerClient
  readonly prepared: Promise<string | null>
}

/** Milliseconds without a change after which tasks are scored. */
const restBeforeTasks = 400

/** Opens the page: one worker writes, another one scores, so that neither waits for the other. */
export async function openPage(
  { worker: writer, prepared }: PreparedWorker,
  prepare: () => PreparedWorker,
  request: Requests['open'],
  begun: number,
): Promise<void> {
  const status = byId('status')
  const opening = askAll(writer, 'open', request)
  await fine(prepared)
  const opened = await opening
  const { playground, latents, model } = opened
  const saeNames = playground.saes.map(({ id }) => id)
  document.title = playground.title
  byId('title').textContent = playground.title
  byId('about').textContent = `${playground.model}: ${model}. It runs in this page, and nothing leaves it.`

  const first: Setting = {
    prompt: playground.prompts[0] ?? '',
    edits: playground.latents.map(({ sae, latent }) => ({ sae, latent, action: 'add', coefficient: 0 })),
  }
  const sizes = latents.map((list) => list.length)
  let setting = settingOf(location.hash, sizes) ?? first
  const tasks = new TasksTable(playground.tasks)
  const prompt = byId<HTMLTextAreaElement>('prompt')
  let isFirst = true

  const problem = (sentence: string | null) => {
    status.classList.toggle('problem', sentence !== null)
    if (sentence !== null) status.textContent = sentence
  }
  const active = () => setting.edits.filter(acts)
  const mostOfFirst = () => {
    const [edit] = active()
    return (edit && latents[edit.sae]?.[edit.latent]?.maxActivation) || 20
  }

  const look = async (token: number) => {
    const found = await askAll(writer, 'look', { prompt: setting.prompt })
    if (found.tokens[token])
      showActive(found.tokens[token], (sae, latent) => `${latentName(latents[sae]![latent]!)} (${saeNames[sae]})`, add)
  }
  const write = async () => {
    const asked = performance.now()
    const most = mostOfFirst()
    const ended = await writer.ask('write', { prompt: setting.prompt, edits: active() }, (part) => {
      if ('next' in part) {
        showNext(part.next)
        document.body.dataset.nextMilliseconds = String(performance.now() - asked)
        return
      }
      showText(part.text, most, (token) => void look(token))
      if (!isFirst || part.text.tokens.length < 1) return
      isFirst = false
      const seconds = (performance.now() - begun) / 1000
      status.textContent = `Ready after ${seconds.toFixed(1)} s.`
      document.body.dataset.readyMilliseconds = String(1000 * seconds)
    })
    problem(ended)
    document.body.dataset.textMilliseconds = String(performance.now() - asked)
    return ended
  }

  let scorer: Promise<WorkerClient> | null = null
  const startScorer = async () => {
    const { worker, prepared } = prepare()
    await fine(prepared)
    await fine(worker.ask('open', request, () => {}))
    return worker
  }
  const note = byId('tasks-note')
  let scored = 0
  const score = async () => {
    if (playground.tasks.length === 0) return
    const mine = ++scored
    tasks.wait()
    note.textContent = 'Asking the questions…'
    scorer ??= startScorer()
    const worker = await scorer
    if (mine !== scored) return
    const asked = performance.now()
    // the model as it is goes first, once; a newer setting ends it and it begins again
    if (!tasks.hasPlain) await worker.ask('score', { edits: [] }, (part) => tasks.showPlain(part))
    if (mine !== scored) return
    const edits = active()
    let ended: string | null = null
    if (edits.length === 0) tasks.showUnsteered()
    else ended = await worker.ask('score', { edits }, (part) => tasks.showSteered(part))
    if (mine !== scored) return
    if (ended !== null) note.textContent = ended
    else {
      const seconds = (performance.now() - asked) / 1000
      const questions = playground.tasks.reduce((sum, task) => sum + task.questions.length, 0)
      note.textContent = `${questions} questions, ${seconds.toFixed(1)} s.`
      document.body.dataset.scoreMilliseconds = String(performance.now() - asked)
    }
  }

  let rest: ReturnType<typeof setTimeout> | undefined
  const changed = () => {
    history.replaceState(null, '', `#${linkOf(setting)}`)
    void write()
    scored++
    tasks.wait()
    clearTimeout(rest)
    rest = setTimeout(() => void score(), restBeforeTasks)
  }
  const change = (part: Partial<Setting>) => {
    setting = { ...setting, ...part }
    changed()
  }
  const showEdits = () => {
    byId('edits').replaceChildren(
      ...setting.edits.map((edit, index) =>
        editRow(
          edit,
          { latent: latents[edit.sae]![edit.latent]!, sae: saeNames[edit.sae]! },
          {
            onChange: (now) => change({ edits: setting.edits.map((old, at) => (at === index ? now : old)) }),
            onRemove: () => {
              change({ edits: setting.edits.filter((_, at) => at !== index) })
              showEdits()
            },
          },
        ),
      ),
    )
  }
  const show = () => {
    prompt.value = setting.prompt
    showEdits()
  }
  function add(sae: number, latent: number): void {
    const isThere = setting.edits.some((edit) => edit.sae === sae && edit.latent === latent)
    if (isThere || !hasRoom(setting)) {
      took(isThere ? 'It is there already.' : 'Take a latent away first: there is room for eight.')
      return
    }
    const edit: Edit = { sae, latent, action: 'add', coefficient: 0 }
    change({ edits: [...setting.edits, edit] })
    showEdits()
    const rows = byId('edits').querySelectorAll<HTMLInputElement>('input[type=range]')
    rows[rows.length - 1]?.focus()
  }
  const took = (line: string) => {
    byId('took').textContent = line
  }

  prompt.addEventListener('input', () => change({ prompt: prompt.value }))
  byId('prompts').replaceChildren(
    ...playground.prompts.map((text) => {
      const button = make('button', { type: 'button' }, text)
      button.addEventListener('click', () => {
        change({ prompt: text })
        show()
      })
      return button
    }),
  )
  latentSearch(latents, saeNames, add)
  byId('reset').addEventListener('click', () => {
    change(first)
    show()
    took('')
  })
  byId('link').addEventListener('click', async () => {
    // a file has no clipboard in every browser: the address bar has the link in any case
    const copied = await navigator.clipboard?.writeText(location.href).then(
      () => true,
      () => false,
    )
    took(copied ? 'The link is copied.' : 'The link is in the address bar.')
  })
  byId('csv').addEventListener('click', async () => {
    const edits = active()
    if (edits.length === 0) {
      took('There is nothing to save yet: move a slider.')
      return
    }
    const { csv } = await askAll(writer, 'csv', { edits })
    save('steering.csv', csv)
    took(playground.command)
  })
  window.addEventListener('hashchange', () => {
    const linked = settingOf(location.hash, sizes)
    if (linked === null) return
    setting = linked
    show()
    changed()
  })

  show()
  status.textContent = 'Writing…'
  // tasks wait for the first text: both would be slow
  if ((await write()) === null) void score()
}

async function fine(asked: Promise<string | null>): Promise<void> {
  const problem = await asked
  if (problem !== null) throw new Error(problem)
}

async function askAll<K extends Kind>(worker: WorkerClient, kind: K, request: Requests[K]): Promise<Parts[K]> {
  let found: Parts[K] | null = null
  await fine(
    worker.ask(kind, request, (part) => {
      found = part
    }),
  )
  if (found === null) throw new Error('there was no answer')
  return found
}

function save(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/csv' }))
  make('a', { href: url, download: name }).click()
  setTimeout(() => URL.revokeObjectURL(url), 1000)
}
