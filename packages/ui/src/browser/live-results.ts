// The page of results while they come: progress is renewed by itself; tables and charts too, until the reader has moved one.
const results = document.getElementById('results')
const news = document.getElementById('news')
const lost = document.getElementById('lost')
const version = document.querySelector<HTMLElement>('[data-version]')?.dataset.version ?? ''
/** Version of the files that #results was made of, or found to be the same of. */
let files = document.getElementById('progress')?.dataset.files ?? ''
const silent = 'the server does not answer'
const other = 'the server gives another page'
let isTouched = false
let [isAsked, isAsking] = [false, false]

for (const event of ['input', 'click', 'focusin']) results?.addEventListener(event, () => (isTouched = true))
news?.querySelector('button')?.addEventListener('click', () => {
  isTouched = false
  files = ''
  void update()
})
// told of what has changed since this page was made; from then on the browser itself says what it was told last
const events = new EventSource(`events?version=${version}`)
events.addEventListener('changed', () => void update())
events.addEventListener('open', () => void (lost?.hidden === false && update()))
// the browser tries again by itself
events.addEventListener('error', () => sayLost(silent))

/** One page is asked for at a time: an older one never comes after a newer one. What fails while the server is there is asked for again. */
async function update(): Promise<void> {
  isAsked = true
  if (isAsking) return
  isAsking = true
  try {
    while (isAsked) {
      isAsked = false
      await renewPage()
    }
    if (lost) lost.hidden = true
  } catch (error) {
    sayLost((error as Error).message)
    if (events.readyState === EventSource.OPEN) setTimeout(() => void update(), 2000)
  } finally {
    isAsking = false
  }
}

function sayLost(why: string): void {
  if (!lost) return
  if (lost.hidden)
    lost.textContent = `No longer live since ${new Date().toLocaleTimeString()}: ${why}. What is here was there then. The page asks again by itself; a server that is started anew has a new address.`
  lost.hidden = false
}

async function renewPage(): Promise<void> {
  // a page that had nothing to show begins anew
  if (!results || !news) {
    if ((await fetch(location.href)).ok) location.reload()
    return
  }
  const progress = (await partOf('progress')).getElementById('progress')
  if (!progress) throw new Error(other)
  renewProgress(progress)
  const now = progress.dataset.files!
  // once there are news, the reader asks for them
  if (now === files || (!news.hidden && isTouched)) return
  const fresh = (await partOf(location.pathname + location.search)).getElementById('results')
  if (!fresh) throw new Error(other)
  const isSame = fresh.dataset.hash === results.dataset.hash
  if (!isSame && isTouched) {
    news.hidden = false
    return
  }
  files = now
  news.hidden = true
  if (isSame) return
  results.dataset.hash = fresh.dataset.hash
  renew(results, fresh)
}

/** A page of the server; throws what it says where it has none. */
async function partOf(address: string): Promise<Document> {
  const answer = await fetch(address).catch(() => {
    throw new Error(silent)
  })
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html')
  if (!answer.ok) throw new Error(fresh.querySelector('main p, body')?.textContent?.trim() || answer.statusText)
  return fresh
}

/** Puts the new content of an element in its place; scripts in it do not run. */
function renew(own: Element, fresh: Element): void {
  own.replaceChildren(...document.adoptNode(fresh).childNodes)
  own.dispatchEvent(new Event('content', { bubbles: true }))
}

/** The line is written anew; in the table rows change where they stand, so that the order, the filters and the focus stay with the reader. */
function renewProgress(fresh: HTMLElement): void {
  const own = document.getElementById('progress')!
  const [table, freshTable] = [own, fresh].map((one) => one.querySelector<HTMLElement>('[data-table]'))
  if (!table || !freshTable || table.id !== freshTable.id) {
    renew(own, fresh)
    return
  }
  own.querySelector('p')!.replaceChildren(...document.adoptNode(fresh.querySelector('p')!).childNodes)
  renewLists(table, freshTable)
  renewRows(table.querySelector('tbody')!, freshTable.querySelector('tbody')!)
}

/** Rows are known by what stands first in them. */
function renewRows(own: HTMLTableSectionElement, fresh: HTMLTableSectionElement): void {
  const keyOf = (row: HTMLTableRowElement) => row.cells[0]!.dataset.v!
  const known = new Map([...own.rows].map((row) => [keyOf(row), row]))
  const rows = [...fresh.rows].map((line) => {
    const row = known.get(keyOf(line))
    if (!row) return document.adoptNode(line)
    row.dataset.by = line.dataset.by ?? '{}'
    for (const [at, cell] of [...line.cells].entries())
      if (!row.cells[at]!.isEqualNode(cell)) row.cells[at]!.replaceWith(document.adoptNode(cell))
    return row
  })
  own.dispatchEvent(new CustomEvent('rows', { detail: rows, bubbles: true }))
}

/** Lists that choose rows get new values, and stay on what the reader has chosen. */
function renewLists(own: Element, fresh: Element): void {
  const tools = own.querySelector('.tools')!
  for (const list of fresh.querySelectorAll<HTMLSelectElement>('.tools select[data-by]')) {
    const known = [...tools.querySelectorAll<HTMLSelectElement>('select[data-by]')].find(
      (one) => one.dataset.by === list.dataset.by,
    )
    if (!known) {
      tools.querySelector('.narrow')!.before(document.adoptNode(list.closest('label')!))
      continue
    }
    const offered = new Set([...known.options].map(({ value }) => value))
    known.append(
      ...[...list.options].filter(({ value }) => !offered.has(value)).map((option) => document.adoptNode(option)),
    )
  }
}

export {}
