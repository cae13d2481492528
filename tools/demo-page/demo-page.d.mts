import type { Playground } from '../../packages/playground/src/browser/playground.js'

/** Tasks of the demo: demo_dogs and so on. */
export const domains: readonly string[]

/** The files of the model and its SAEs. */
export const demoFiles: Readonly<Record<string, string>>

/** The page, with its tasks. */
export function demoPage(tasks: Playground['tasks']): Playground
