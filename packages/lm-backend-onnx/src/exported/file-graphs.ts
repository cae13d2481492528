import type { LayerNorms } from '@saeval/language-model'
import type { ModelGraphs } from '../forward/model-graphs.js'
import { cpuForm } from '../graph/graph-form.js'
import { cellsPerToken } from '../plan/pass-work.js'
import { cutBody, fileInputs } from './cut-body.js'
import { type ExportedFile, fileCaches } from './exported-file.js'
import { fileHead } from './file-head.js'

/** The graphs that are cut out of an ONNX file. */
export function fileGraphs(exported: ExportedFile, layerNorms: LayerNorms | undefined): ModelGraphs {
  const { spec, file, prompts, name } = exported
  const widthOfHeads = exported.nHeads * exported.dHead
  const post = prompts.sites.find(({ step }) => step.part === 'mlp_post')
  return {
    spec,
    work: {
      // roughly: a few residual-sized vectors, queries to values, the MLP's inside
      bytesPerToken: 4 * (6 * spec.dModel + 4 * widthOfHeads + 3 * (post?.step.width ?? 4 * spec.dModel)),
      heads: exported.nHeads,
      cellsPerToken: cellsPerToken(spec.dModel, widthOfHeads),
      textsAtOnce: exported.decodesAlone ? 1 : null,
      isCut: exported.continues && !exported.decodesAlone,
    },
    headSize: exported.dHead,
    form: cpuForm,
    steps: prompts.sites.map(({ step }) => step),
    layerNorms,
    continues: exported.continues,
    cannotWrite:
      file.caches.length > 0
        ? null
        : `${name} takes no past_key_values, so it scores and writes no texts; export it with them (a task of optimum: text-generation-with-past)`,
    absentHookPoint: () =>
      prompts.why === null ? null : `the layers of ${name} are not found in its graph: ${prompts.why}`,
    caches: (from, to) => fileCaches(exported, from, to),
    body: (segment) => cutBody(exported, cpuForm, segment),
    placeFeeds: () => ({
      of: ({ feeds }) => Object.fromEntries(fileInputs.map((input) => [input, feeds[input]!])),
      dispose: () => {},
    }),
    head: (runtime, open) => fileHead(exported, runtime, open),
  }
}
