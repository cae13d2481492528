import { readFileSync } from 'node:fs'
import { escapeHtml } from '@saeval/report/internal/html/escape'
import { type BrowserScript, page } from '@saeval/report/internal/html/page'

/** Pages as their navigation names them. */
const places = {
  '': 'Results',
  samples: 'Samples',
  compare: 'Side by side',
  latent: 'Latents',
  steer: 'Steer',
} as const

export interface UiPage {
  readonly title: string
  readonly place: keyof typeof places
  /** HTML. */
  readonly body: string
  readonly scripts?: readonly BrowserScript[]
  /** The file of src/browser that moves it; none by default. */
  readonly own?: 'live-results' | 'search-samples'
  /** Of the folder that it shows, for a page that follows it. */
  readonly version?: string
}

/** A page of the served ones, with the way to the others. Addresses are relative, so that the token stands in none of them. */
export function uiPage({ title, place, body, scripts = [], own, version }: UiPage): string {
  const links = Object.entries(places).map(
    ([path, name]) => `<a href="./${path}"${path === place ? ' aria-current="page"' : ''}>${name}</a>`,
  )
  return page({
    title,
    style,
    body: `<nav aria-label="Pages" class="pages"${version === undefined ? '' : ` data-version="${version}"`}>${links.join('')}</nav>\n<h1>${escapeHtml(title)}</h1>\n${body}`,
    scripts,
    served: true,
    ...(own ? { own: readFileSync(new URL(`../../dist/browser/${own}.js`, import.meta.url), 'utf8') } : {}),
  })
}

const style = `
.pages { border-bottom: 1px solid var(--line); margin-bottom: 1rem; } .pages [aria-current] { color: var(--ink); font-weight: 600; text-decoration: none; }
.stories { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 17rem), 1fr)); gap: 1rem; } .stories article { border: 1px solid var(--line); border-radius: .5rem; padding: .25rem .75rem; }
.stories p { white-space: pre-wrap; } .snippets mark { background: var(--good); color: var(--ink); border-radius: .2rem; } progress { accent-color: var(--mark); width: 100%; max-width: 30rem; height: 1rem; }
@media (max-width: 44rem) { .pages a { padding: .5rem 0; } }
`
