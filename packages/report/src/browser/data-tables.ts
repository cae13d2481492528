// Tables that are sorted by a column's name, and filtered by words and by the parameters of their rows.
start(document)
// a page that gets new content says so
document.addEventListener('content', (event) => start(event.target as Element))

function start(root: ParentNode): void {
  for (const box of root.querySelectorAll<HTMLElement>('[data-table]')) moveTable(box)
}

function moveTable(box: HTMLElement): void {
  const tools = box.querySelector<HTMLElement>('.tools')!
  const body = box.querySelector('tbody')!
  const heads = [...box.querySelectorAll<HTMLTableCellElement>('thead th')]
  const rows = [...body.rows]
  const fixed = rows.filter((row) => row.classList.contains('fixed'))
  const moving = rows.filter((row) => !row.classList.contains('fixed'))
  const words = tools.querySelector<HTMLInputElement>('[name=words]')
  const lists = [...tools.querySelectorAll<HTMLSelectElement>('select[data-by]')]
  const order = tools.querySelector<HTMLSelectElement>('[name=sort]')!
  const status = tools.querySelector('[role=status]')!
  let column = -1
  let isDown = false

  const update = (): void => {
    const wanted = lists.map((list) => [list.dataset.by!, list.value] as const).filter(([, value]) => value !== '')
    const needles = (words?.value ?? '').toLowerCase().split(/\s+/)
    let shown = 0
    for (const row of moving) {
      const own = JSON.parse(row.dataset.by ?? '{}') as Readonly<Record<string, unknown>>
      const text = row.textContent!.toLowerCase().replaceAll('−', '-')
      const isShown =
        wanted.every(([name, value]) => JSON.stringify(own[name]) === value) &&
        needles.every((needle) => text.includes(needle.replaceAll('−', '-')))
      row.hidden = !isShown
      shown += Number(isShown)
    }
    status.textContent = shown === moving.length ? '' : `${shown} of ${moving.length} rows`
    const sorted = column < 0 ? moving : [...moving].sort((a, b) => compare(a, b, column) * (isDown ? -1 : 1))
    body.replaceChildren(...fixed, ...sorted)
    heads.forEach((head, index) => {
      if (index === column) head.setAttribute('aria-sort', isDown ? 'descending' : 'ascending')
      else head.removeAttribute('aria-sort')
    })
  }
  const sortBy = (index: number, down: boolean): void => {
    column = index
    isDown = down
    update()
  }

  order.append(new Option('as they ran', '-1'))
  // two rows are in order at a glance
  const sortable = moving.length > 2 ? heads : []
  order.parentElement!.hidden = sortable.length === 0
  sortable.forEach((head, index) => {
    const button = document.createElement('button')
    button.type = 'button'
    button.append(...head.childNodes)
    button.addEventListener('click', () => sortBy(index, index === column && !isDown))
    head.append(button)
    order.append(
      new Option(`${head.dataset.name} ↑`, `${index}`),
      new Option(`${head.dataset.name} ↓`, `${index},down`),
    )
  })
  order.addEventListener('input', () => {
    const [index, down] = order.value.split(',')
    sortBy(Number(index), down !== undefined)
  })
  for (const control of [words, ...lists]) control?.addEventListener('input', update)
  tools.hidden = false
}

/** Numbers by size, texts by the alphabet, what is empty last. */
function compare(a: HTMLTableRowElement, b: HTMLTableRowElement, column: number): number {
  const [one, two] = [a, b].map((row) => row.cells[column]!.dataset.v ?? '')
  if (one === '' || two === '') return Number(one === '') - Number(two === '')
  const difference = Number(one) - Number(two)
  return Number.isNaN(difference) ? one!.localeCompare(two!) : difference
}

export {}
