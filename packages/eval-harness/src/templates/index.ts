/** Jinja with Python's values, without anything else of this package: what backends need for chat templates. */
export { PythonError } from '../python/python-error.js'
export { strip } from '../python/text.js'
export { fromPlain, type PyDict, type PyValue } from '../python/value.js'
export { isJinjaError, makeChatTemplate } from './chat-template.js'
export type { Template } from './render-template.js'
