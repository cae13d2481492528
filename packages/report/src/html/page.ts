import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { escapeHtml } from './escape.js'
import { pageStyle } from './page-style.js'

/** A file of src/browser. Each stands alone: they meet in the page's elements, so that no bundler is needed. */
export type BrowserScript =
  | 'chart-points'
  | 'data-tables'
  | 'downloads'
  | 'generations-page'
  | 'sample-browser'
  | 'sample-card'

export interface PageParts {
  readonly title: string
  /** CSS beside that of every page. */
  readonly style?: string
  /** HTML. */
  readonly body: string
  /** What moves it, in this order; none for a page that stands still. */
  readonly scripts: readonly BrowserScript[]
  /** Code of its own that moves it after those. */
  readonly own?: string
  /** Whether a server gives it, which it may ask; it may ask nobody by default. */
  readonly served?: boolean
}

/** A page that needs nothing beside itself; it has an element #tip, which its scripts show. */
export function page({ title, style = '', body, scripts, own, served = false }: PageParts): string {
  const moving = [...scripts.map(browserScript), ...(own === undefined ? [] : [own])].map((code) => `\n${code}`)
  const css = `${pageStyle}${style}`
  // whatever stood in the body, the browser would run nothing but these scripts, style by nothing but this sheet and ask nobody for anything
  const policy = `default-src 'none'; style-src ${sourceOf(css)}; script-src ${moving.map(sourceOf).join(' ') || "'none'"}; base-uri 'none'; ${served ? "connect-src 'self'; form-action 'self'" : "form-action 'none'"}`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${css}</style>
</head>
<body>
<main>
${body}
</main>
${moving.length === 0 ? '' : '<div id="tip" role="tooltip" hidden></div>\n'}${moving.map((code) => `<script type="module">${code}</script>`).join('\n')}
</body>
</html>
`
}

/** What a policy calls a script or a sheet that stands in the page. */
function sourceOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`
}

/** A built file of src/browser; the same one when this file runs from src and from dist. */
function browserScript(name: BrowserScript): string {
  return readFileSync(new URL(`../../dist/browser/${name}.js`, import.meta.url), 'utf8')
}
