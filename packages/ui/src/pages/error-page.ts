import { escapeHtml } from '@saeval/report/internal/html/escape'
import { uiPage } from './ui-page.js'

/** What is wrong, in its sentence. */
export function errorPage(sentence: string): string {
  return uiPage({ title: 'Nothing to show', place: '', body: `<p>${escapeHtml(sentence)}</p>`, own: 'live-results' })
}
