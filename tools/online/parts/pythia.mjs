// The numbers that lm-evaluation-harness holds itself to: its own test of EleutherAI/pythia-70m, ten documents of three tasks.
import { readFileSync } from 'node:fs'
import { closeTo, equal } from '../check.mjs'
import { newestSamples, saeval } from '../saeval.mjs'

const published = JSON.parse(readFileSync(new URL('../published/pythia-70m.json', import.meta.url), 'utf8'))

/** lm_eval's test compares log-probabilities to 0.01 and those of whole pages to 0.1. */
const allowed = { arc_easy: 0.01, wikitext: 0.1 }

async function run({ folder, device }) {
  await saeval([
    ...['run', '--model', 'hf', '--model_args', 'pretrained=EleutherAI/pythia-70m,dtype=float32'],
    ...['--tasks', 'arc_easy,gsm8k,wikitext', '--include_path', 'tools/online/tasks', '--limit', '10'],
    ...['--gen_kwargs', 'max_gen_toks=10', '--log_samples', '--batch_size', 'auto', '--output_path', folder, ...device],
  ])
  const logprobs = {
    arc_easy: newestSamples(folder, 'arc_easy').flatMap(({ resps }) => resps.map(([[logprob]]) => Number(logprob))),
    wikitext: newestSamples(folder, 'wikitext').map(({ resps }) => Number(resps[0])),
  }
  const texts = newestSamples(folder, 'gsm8k').map(({ resps }) => resps[0][0])
  return [
    ...Object.entries(logprobs).map(([task, seen]) => farthest(task, seen)),
    equal('gsm8k: equal texts', texts.filter((text, i) => text === published.gsm8k[i]).length, published.gsm8k.length),
  ]
}

/** The log-probability that is farthest from the published one, so that a row speaks for all. */
function farthest(task, seen) {
  const expected = published[task]
  if (seen.length !== expected.length) return equal(`${task}: log-probabilities`, seen.length, expected.length)
  const index = seen.reduce((far, value, i) => (off(value, expected[i]) > off(seen[far], expected[far]) ? i : far), 0)
  const what = `${task}: log-probability ${index + 1} of ${seen.length}, the farthest`
  return closeTo(what, seen[index], expected[index], allowed[task])
}

const off = (a, b) => (Number.isFinite(a) ? Math.abs(a - b) : Infinity)

export const pythia = [
  {
    name: 'pythia',
    says: "EleutherAI/pythia-70m against the numbers in lm_eval's own tests",
    downloads: [
      { type: 'model', name: 'EleutherAI/pythia-70m', path: '' },
      { type: 'dataset', name: 'allenai/ai2_arc', path: 'ARC-Easy/' },
      { type: 'dataset', name: 'openai/gsm8k', path: 'main/' },
      { type: 'dataset', name: 'EleutherAI/wikitext_document_level', path: 'wikitext-2-raw-v1/' },
    ],
    parameters: 7e7,
    tokens: 8e4,
    run,
  },
]
