import * as v from 'valibot'
import { actions } from './edit.js'

const text = v.string('a text')
const count = v.pipe(v.number('a number'), v.integer('a whole number'), v.minValue(0, 'a number from 0'))

const question = v.object({
  /** What stands before the choices, and the choices as they are asked after it. */
  context: text,
  choices: v.array(text, 'a list'),
  /** Index of the right one; -1 where it is none of them. */
  answer: v.pipe(v.number('a number'), v.integer('a whole number'), v.minValue(-1, 'a number from -1')),
})

/** What a page is about: the file playground.json among its files. */
export const playgroundSchema = v.object({
  title: text,
  /** Folder of the model, as the command line is to name it. */
  model: text,
  /** The command that does the same as steering.csv, for who saves it. */
  command: text,
  saes: v.array(v.object({ release: text, id: text }), 'a list'),
  /** Multiple-choice tasks: their questions as the harness asks them, and how many the task has; as many as stand here by default. */
  tasks: v.array(
    v.object({ name: text, title: text, documents: v.optional(count), questions: v.array(question, 'a list') }),
    'a list',
  ),
  /** What is said below the tasks: those that the page does not ask, and why. */
  notAsked: v.optional(v.array(text, 'a list')),
  /** Beginnings of texts; the page starts with the first one. */
  prompts: v.array(text, 'a list'),
  /** New tokens of a text at most. */
  newTokens: count,
  /** Edits that stand on the page when it is opened, and again after a reset; one that adds 0 is a latent to begin with. */
  edits: v.array(
    v.object({ sae: count, latent: count, action: v.picklist(actions), coefficient: v.number('a number') }),
    'a list',
  ),
  /** How many more edits the run has that the page is about, which sliders cannot do or which have no room; none by default. */
  others: v.optional(count),
})

/** What a page is about. */
export type Playground = v.InferOutput<typeof playgroundSchema>
