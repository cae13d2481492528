/** The device has no room for what a run or an upload needs; the engine lives on. */
export class OutOfMemory extends Error {
  override readonly name = 'OutOfMemory'
}

/** The device has no room for a weight, without which nothing can be computed, however small. */
export class NoRoomForWeights extends Error {
  override readonly name = 'NoRoomForWeights'

  constructor(cause: OutOfMemory) {
    const cure = 'choose a smaller dtype or another device, or end other programs on it'
    super(`the weights do not fit into the device's memory: ${cure} (${cause.message})`, { cause })
  }
}
