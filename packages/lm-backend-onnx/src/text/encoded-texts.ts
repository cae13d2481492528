/**
 * What reading requests has made of their texts, for others who read the same requests with the same model: other settings, other devices. Kept while
 * the request is.
 */
export class EncodedTexts {
  readonly #known = new WeakMap<object, { readonly from: readonly (string | number)[]; readonly made: unknown }>()

  /** What `make` gives; the same again for a request that was made of the same texts and limits. */
  once<Made>(request: object, from: readonly (string | number)[], make: () => Made): Made {
    const known = this.#known.get(request)
    if (known?.from.every((item, at) => item === from[at])) return known.made as Made
    const made = make()
    this.#known.set(request, { from, made })
    return made
  }
}
