import { InputError } from '@saeval/hub'
import { describeSelection, type PositionSelection } from '@saeval/sae-core'

/** A position selection that holds no token of any request. */
export class SelectionError extends InputError {
  readonly selection: PositionSelection

  constructor(selection: PositionSelection, requests: number) {
    const what = requests === 1 ? 'the request' : `any of the ${requests} requests`
    super(`${describeSelection(selection)} hold no token of ${what}, so the edit cannot take effect`)
    this.selection = selection
  }
}
