import * as v from 'valibot'

const text = v.string('a text')
const count = v.pipe(v.number('a number'), v.integer('a whole number'), v.minValue(0, 'a number from 0'))

const question = v.object({
  /** What stands before the choices, and the choices as they are asked after it. */
  context: text,
  choices: v.array(text, 'a list'),
  /** Index of the right one. */
  answer: count,
})

/** What a page is about: the file playground.json among its files. */
export const playgroundSchema = v.object({
  title: text,
  /** Folder of the model, as the command line is to name it. */
  model: text,
  /** The command that does the same as steering.csv, for who saves it. */
  command: text,
  saes: v.array(v.object({ release: text, id: text }), 'a list'),
  /** Multiple-choice tasks: their questions as the harness asks them. */
  tasks: v.array(v.object({ name: text, title: text, questions: v.array(question, 'a list') }), 'a list'),
  /** Beginnings of texts; the page starts with the first one. */
  prompts: v.array(text, 'a list'),
  /** New tokens of a text at most. */
  newTokens: count,
  /** Latents that stand on the page when it is opened: index of the SAE, and the latent. */
  latents: v.array(v.object({ sae: count, latent: count }), 'a list'),
})

/** What a page is about. */
export type Playground = v.InferOutput<typeof playgroundSchema>
