import { escapeHtml } from './escape.js'
import { pageStyle } from './page-style.js'

export interface PageParts {
  readonly title: string
  /** CSS beside that of every page. */
  readonly style?: string
  /** HTML. */
  readonly body: string
  readonly script: string
}

/** A page that needs nothing beside itself; it has an element #tip, which its script shows. */
export function page({ title, style = '', body, script }: PageParts): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${pageStyle}${style}</style>
</head>
<body>
${body}
<div id="tip" role="tooltip" hidden></div>
<script>${script}</script>
</body>
</html>
`
}
