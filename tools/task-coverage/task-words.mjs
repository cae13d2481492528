/** A name in the ways in which data may write it. */
export function namesIn(name) {
  const parts = name.split(/[_-]/)
  const tails = parts.map((_, from) => parts.slice(from))
  return [
    ...new Set([
      name,
      ...parts,
      ...tails.flatMap((tail) => [
        tail.join('_'),
        tail.join(' '),
        tail.map((part) => part[0]?.toUpperCase() + part.slice(1)).join(' '),
      ]),
    ]),
  ]
}

/** All texts of a task that are templates. */
export function templatesOf(config) {
  const { fewshot } = config
  const fields = [
    config.docToText,
    config.docToTarget,
    config.docToChoice,
    config.description,
    config.genPrefix,
    fewshot.docToText,
    fewshot.docToTarget,
    fewshot.docToChoice,
    fewshot.genPrefix,
  ]
  const texts = (value) =>
    typeof value === 'string'
      ? [value]
      : Array.isArray(value)
        ? value.flatMap(texts)
        : value instanceof Map
          ? [...value.values()].flatMap(texts)
          : []
  return fields.flatMap(texts)
}
