import { bodyGraph } from '../graph/body-graph.js'
import type { GraphOptions } from '../graph/graph-form.js'
import { absentHookPoint, modelSteps } from '../graph/hook-sites.js'
import { cachedLayers, cacheTensors } from '../graph/layer-cache.js'
import { passWork } from '../plan/pass-work.js'
import { headSize } from '../spec/head-size.js'
import { layerNormsOf } from '../spec/layer-norms.js'
import { createHead } from './head.js'
import { headRows } from './head-parts.js'
import type { ModelGraphs } from './model-graphs.js'
import { placeFeeds } from './place-feeds.js'

/** The graphs that are built from a specification and its weights. */
export function builtGraphs(options: GraphOptions): ModelGraphs {
  const { spec, form } = options
  const steps = modelSteps(spec)
  return {
    spec,
    work: passWork(spec),
    form,
    steps,
    continues: true,
    cannotWrite: null,
    headSize: headSize(spec),
    layerNorms: layerNormsOf(spec),
    absentHookPoint: (name) => absentHookPoint(spec, name),
    caches: (from, to) => cacheTensors(spec, cachedLayers(spec, steps.slice(from, to))),
    body: (segment) => bodyGraph({ ...options, ...segment }),
    placeFeeds: (runtime) => placeFeeds(spec, form, runtime),
    head: (runtime, open, room) => createHead(options, runtime, open, headRows(options, room)),
  }
}
