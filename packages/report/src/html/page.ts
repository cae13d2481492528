import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { escapeHtml } from './escape.js'
import { pageStyle } from './page-style.js'

export interface PageParts {
  readonly title: string
  /** CSS beside that of every page. */
  readonly style?: string
  /** HTML. */
  readonly body: string
  /** The file of src/browser that moves it; null for a page that stands still. */
  readonly script: 'report-page' | 'generations-page' | null
}

/** A page that needs nothing beside itself; it has an element #tip, which its script shows. */
export function page({ title, style = '', body, script }: PageParts): string {
  const moving = script === null ? '' : `\n${browserScript(script)}`
  // whatever stood in the body, the browser would run nothing but this script and ask nobody for anything
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${createHash('sha256').update(moving).digest('base64')}'`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${pageStyle}${style}</style>
</head>
<body>
${body}
${script === null ? '' : `<div id="tip" role="tooltip" hidden></div>\n<script type="module">${moving}</script>`}
</body>
</html>
`
}

/** A built file of src/browser; the same one when this file runs from src and from dist. */
function browserScript(name: NonNullable<PageParts['script']>): string {
  return readFileSync(new URL(`../../dist/browser/${name}.js`, import.meta.url), 'utf8')
}
