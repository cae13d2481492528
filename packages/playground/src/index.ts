export type { Playground } from './browser/playground.js'
export { readQuestions } from './read-questions.js'
export { type PageOptions, writePage } from './write-page.js'
