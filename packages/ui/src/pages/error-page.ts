import { escapeHtml } from '@saeval/report/internal/html/escape'
import type { FolderView } from '../ui-folder.js'
import { uiPage } from './ui-page.js'

/** What is wrong, in its sentence. */
export function errorPage(sentence: string, { version }: FolderView): string {
  const body = `<p>${escapeHtml(sentence)}</p>`
  return uiPage({ title: 'Nothing to show', place: '', body, own: 'live-results', version })
}
