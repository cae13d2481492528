// The page of results while they come: progress is renewed by itself; tables and charts too, until the reader has moved one.
const results = document.getElementById('results')
const news = document.getElementById('news')
const version = document.querySelector<HTMLElement>('[data-version]')?.dataset.version ?? ''
let isTouched = false
let [isAsked, isAsking] = [false, false]

for (const event of ['input', 'click', 'focusin']) results?.addEventListener(event, () => (isTouched = true))
news?.querySelector('button')?.addEventListener('click', () => {
  isTouched = false
  void update()
})
// told of what has changed since this page was made; from then on the browser itself says what it was told last
const events = new EventSource(`events?version=${version}`)
events.addEventListener('changed', () => void update())

/** One page is asked for at a time: an older one never comes after a newer one. What fails is asked for again. */
async function update(): Promise<void> {
  isAsked = true
  if (isAsking) return
  isAsking = true
  try {
    while (isAsked) {
      isAsked = false
      await renewPage()
    }
  } catch {
    setTimeout(() => void update(), 2000)
  } finally {
    isAsking = false
  }
}

async function renewPage(): Promise<void> {
  const answer = await fetch(location.pathname + location.search)
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html')
  // a page that had nothing to show begins anew
  if (!results || !news || !fresh.getElementById('results')) {
    if (answer.ok || results) location.reload()
    return
  }
  renew('progress', fresh)
  news.hidden = !isTouched
  if (!isTouched) renew('results', fresh)
}

/** Puts the new content of an element in its place; scripts in it do not run. */
function renew(id: string, fresh: Document): void {
  const own = document.getElementById(id)!
  const isOpen = own.querySelector('details')?.open ?? false
  own.replaceChildren(...document.adoptNode(fresh.getElementById(id)!).childNodes)
  if (isOpen && id === 'progress') own.querySelector('details')?.setAttribute('open', '')
  own.dispatchEvent(new Event('content', { bubbles: true }))
}

export {}
