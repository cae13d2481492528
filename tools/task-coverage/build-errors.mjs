/** How far a task came before an error: the place in the file, then the step of building requests. */
export function stage(why) {
  const line = Number(/\.py:(\d+)\)/.exec(why)?.[1] ?? 0) / 10000
  const step = ['doc_to_text', 'doc_to_target', 'doc_to_choice'].findIndex((name) => why.includes(name))
  return (
    (/few-shot|choices|no requests|is not a text/.test(why)
      ? 6
      : step >= 0
        ? step + 2
        : /document \d/.test(why)
          ? 1
          : 0) + line
  )
}

/** What no document can change. */
export function refusedFor(why) {
  return /the question is not a text: \[|needs .*, which saeval's Python|cannot be loaded|cannot be run|has no function|does not exist|is not supported|names its function/.test(
    why,
  )
}

/** An error in one line, without the folder of tasks. */
export function message(error, root) {
  return String(error.message ?? error)
    .replaceAll(`${root}/`, '')
    .split('\n')[0]
    .slice(0, 300)
}
