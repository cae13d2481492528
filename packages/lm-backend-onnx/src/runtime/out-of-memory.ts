/** The device has no room for what a run or an upload needs; the engine lives on. */
export class OutOfMemory extends Error {
  override readonly name = 'OutOfMemory'
}
