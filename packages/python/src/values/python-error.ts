/** What Python would raise: `exception` is the name of its class, `message` one sentence. */
export class PythonError extends Error {
  override name = 'PythonError'

  constructor(
    readonly exception: string,
    message: string,
  ) {
    super(message)
  }
}
