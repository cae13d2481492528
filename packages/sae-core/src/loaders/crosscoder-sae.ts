import { InputError } from '@saeval/hub'
import type { CrosscoderSide } from '../registry/crosscoder-place.js'
import { plainConfig } from '../sae-config.js'
import type { LoadedSae } from './loader.js'
import type { SaeArray } from './sae-array.js'

/** What a crosscoder's files hold. Arrays are one for each layer that is read and written, or for each model, in order. */
export interface CrosscoderParts {
  /** Its configuration, for messages. */
  readonly file: string
  /** [d_in, d_sae] */
  readonly encoders: readonly SaeArray[]
  /** [d_sae, d_in] */
  readonly decoders: readonly SaeArray[]
  /** [d_in] */
  readonly biases: readonly SaeArray[]
  /** [d_sae] */
  readonly bEnc: SaeArray
  readonly hookPoints: readonly string[]
  readonly side: CrosscoderSide | null
  /** By what training multiplied the activations of each layer or model; null where no file tells. */
  readonly scales: readonly number[] | null
  readonly modelName: string | null
}

/**
 * A crosscoder (Lindsey et al. 2024) that steers one model: f = act(sum over i of x_i W_enc[i] + b_enc), of which c units add c W_dec[i][latent] to x_i. The i
 * are layers of one model, all of which are written; or two models at one hook point, of which the row of the one that is run is used. In both f is not
 * known where its first edit acts. Throws InputError where the id and the files do not say which.
 */
export function crosscoderSae(parts: CrosscoderParts): LoadedSae {
  const { encoders, decoders, biases, hookPoints, side, scales } = parts
  const comparesModels = hookPoints.length === 1
  checkParts(parts)
  const first = side === 'chat' ? 1 : 0
  // never read; some read fewer layers than they write
  const wEnc = encoders[first] ?? encoders[0]
  if (wEnc === undefined) throw new InputError(`${parts.file}: its encoder reads no layer`)
  const [dIn = 0, dSae = 0] = wEnc.shape
  const scaleOf = (at: number) => scales?.[at] ?? 1
  return {
    config: plainConfig({
      architecture: 'standard',
      dIn,
      dSae,
      hookPoint: hookPoints[0]!,
      modelName: parts.modelName,
      inputScale: scaleOf(first),
      readsBeyond: {
        what: comparesModels
          ? 'the activations of two models'
          : `the activations at ${hookPoints[0]} to ${hookPoints.at(-1)}`,
        knowsScale: scales !== null,
      },
    }),
    arrays: { wEnc, wDec: decoders[first]!, bEnc: parts.bEnc, bDec: biases[first]! },
    ...(comparesModels
      ? {}
      : {
          later: hookPoints
            .slice(1)
            .map((hookPointOut, at) => ({ wDec: decoders[at + 1]!, hookPointOut, inputScale: scaleOf(at + 1) })),
        }),
  }
}

function checkParts({ file, decoders, biases, hookPoints, side, scales }: CrosscoderParts): void {
  const count = decoders.length
  const counts = [count, biases.length, ...(scales === null ? [] : [scales.length])]
  if (counts.some((other) => other !== count))
    throw new InputError(`${file}: its tensors are for ${counts.join(', ')} layers or models, expected one number`)
  if (hookPoints.length > 1) {
    if (count !== hookPoints.length)
      throw new InputError(`${file}: it has ${count} layers, but there are ${hookPoints.length} hook points for them`)
    if (side !== null)
      throw new InputError(
        `${file}: it reads ${count} layers of one model, so "${side}" has no meaning at the end of sae_id`,
      )
    return
  }
  if (count !== 2)
    throw new InputError(
      `${file}: it has ${count} layers or models, but one hook point; end sae_id with the hook points of its layers, such as blocks.0_1_2.hook_resid_post`,
    )
  if (side === null)
    throw new InputError(
      `${file}: it compares two models at ${hookPoints[0]}; end sae_id with /base or /chat, the model that is run`,
    )
}
