/** Jinja with Python's values, without anything else of this package: what backends need for chat templates. */

export { strip } from '../text/text.js'
export { PythonError } from '../values/python-error.js'
export { fromPlain, type PyDict, type PyValue } from '../values/value.js'
export { isJinjaError, makeChatTemplate } from './chat-template.js'
export type { Template } from './render-template.js'
