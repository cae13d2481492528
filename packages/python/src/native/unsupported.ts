/** Python that is not run natively; the function is left to CPython. */
export class Unsupported extends Error {
  override name = 'Unsupported'
}
