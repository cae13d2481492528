// One published SAE of each loader: what it makes of a text must be close to the text's activations, as close as was published.
import { readFileSync } from 'node:fs'
import { atLeast, closeTo, equal, noted } from '../check.mjs'

const published = JSON.parse(readFileSync(new URL('../published/saes.json', import.meta.url), 'utf8'))
const text = readFileSync(new URL('../text.txt', import.meta.url), 'utf8')

/** Values were published for other texts: this far may variance explained be, and this factor the number of active latents. */
const allowedVariance = 0.1
const allowedActive = 2
/** Where nothing was published: an SAE whose loader is wrong is far below. */
const leastVariance = 0.5
const contextLength = 128

async function run({ device, deviceName }, entry) {
  const [{ loadModel }, core] = await Promise.all(
    ['lm-backend-onnx', 'sae-core'].map((name) => import(`../../../packages/${name}/dist/index.js`)),
  )
  const listed = core
    .releases()
    .get(entry.release)
    ?.saes.find(({ id }) => id === entry.id)
  const sae = await core.openSae(core.findSae(entry.release, entry.id))
  const model = await loadModel({ model: modelOf(core, entry), ...(device.length > 0 ? { device: deviceName } : {}) })
  try {
    const { variance, active, finite } = await reconstruct(core, model, sae)
    const least = entry.leastVariance === undefined ? leastVariance : entry.leastVariance
    return [
      equal('loader', sae.reference.loader, entry.loader),
      equal('numbers that are not finite', finite, 0),
      listed?.varianceExplained
        ? closeTo('variance explained', variance, listed.varianceExplained, allowedVariance)
        : least === null
          ? noted(`variance explained (${entry.because})`, variance)
          : atLeast('variance explained', variance, least),
      ...(listed?.l0
        ? [
            closeTo(
              'log2 of active latents a token / published',
              Math.log2(active / listed.l0),
              0,
              Math.log2(allowedActive),
            ),
          ]
        : [noted('active latents a token', active)]),
    ]
  } finally {
    await model.close()
    await sae.close()
  }
}

const modelOf = (core, { release, model }) => model ?? core.baseModelRepository(core.releases().get(release).model)

/**
 * 1 - sum |y - y'|^2 / sum |y - mean y|^2 over the tokens behind BOS in contexts of 128 (SAELens' explained_variance), y the activation that
 * the SAE gives back and y' what it gives; and the mean number of latents that are not zero.
 */
async function reconstruct(core, model, sae) {
  const { hookPoint, hookPointOut, dIn, dOut, dSae } = sae.config
  const tensors = await sae.load()
  const [outputs, targets] = [[], []]
  let [active, tokens, finite] = [0, 0, 0]
  for (const ids of contexts(model.tokenizer)) {
    const captured = await model.captureActivations(ids, [...new Set([hookPoint, hookPointOut])])
    const x = captured.get(hookPoint).data
    const given = core.forward({ config: sae.config, tensors }, x)
    const f = core.encode({ config: sae.config, tensors }, x)
    const skip = ids[0] === model.tokenizer.bos?.id ? 1 : 0
    outputs.push(given.subarray(skip * dOut))
    targets.push(captured.get(hookPointOut).data.subarray(skip * dOut))
    active += f.subarray(skip * dSae).reduce((count, value) => count + (value !== 0 ? 1 : 0), 0)
    tokens += x.length / dIn - skip
    finite += given.reduce((count, value) => count + (Number.isFinite(value) ? 0 : 1), 0)
  }
  return { variance: varianceExplained(targets, outputs, dOut), active: active / tokens, finite }
}

/** The text in pieces of 128 tokens, each with a BOS token where the model has one. */
function contexts(tokenizer) {
  const ids = tokenizer.encode(text, { addSpecialTokens: false })
  const start = tokenizer.bos ? [tokenizer.bos.id] : []
  const size = contextLength - start.length
  const count = Math.max(1, Math.floor(ids.length / size))
  return Array.from({ length: count }, (_, i) => [...start, ...ids.slice(i * size, (i + 1) * size)])
}

/** Of arrays of rows [n, width]: the share of the targets' variance around their mean that the outputs explain. */
export function varianceExplained(targets, outputs, width) {
  const mean = new Float64Array(width)
  const count = targets.reduce((sum, target) => sum + target.length, 0) / width
  for (const target of targets) for (let i = 0; i < target.length; i++) mean[i % width] += target[i] / count
  let [residual, total] = [0, 0]
  targets.forEach((target, k) => {
    for (let i = 0; i < target.length; i++) {
      residual += (target[i] - outputs[k][i]) ** 2
      total += (target[i] - mean[i % width]) ** 2
    }
  })
  return 1 - residual / total
}

/** The steps, named by loader. What is downloaded is known from the registry, so `core` is @saeval/sae-core. */
export function saes(core) {
  return published.map((entry) => {
    const { place, path } = core.findSae(entry.release, entry.id)
    const model = modelOf(core, entry)
    const billions = /(\d+(?:\.\d+)?)\s*(b|m)\b/i.exec(model.replaceAll('-', ' ').replaceAll('_', ' '))
    return {
      name: `saes:${entry.loader}`,
      says: `${entry.release} ${entry.id} on ${model}`,
      downloads: [
        { type: 'model', name: model, path: '' },
        { type: 'model', name: place.repository, path },
      ],
      parameters: billions ? Number(billions[1]) * (billions[2].toLowerCase() === 'b' ? 1e9 : 1e6) : 1.24e8,
      tokens: 1200,
      run: (context) => run(context, entry),
    }
  })
}
