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
  const isFixed = (row: HTMLTableRowElement) => row.classList.contains('fixed')
  let rows = [...body.rows]
  const order = tools.querySelector<HTMLSelectElement>('[name=sort]')!
  const status = tools.querySelector('[role=status]')!
  let column = -1
  let isDown = false

  const update = (): void => {
    const [fixed, moving] = [rows.filter(isFixed), rows.filter((row) => !isFixed(row))]
    const words = tools.querySelector<HTMLInputElement>('[name=words]')
    const lists = [...tools.querySelectorAll<HTMLSelectElement>('select[data-by]')]
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
    const all = [...fixed, ...sorted]
    // a row that is put in its place loses the focus
    if (all.length !== body.rows.length || all.some((row, index) => row !== body.rows[index]))
      body.replaceChildren(...all)
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
  const sortable = rows.filter((row) => !isFixed(row)).length > 2 ? heads : []
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
  tools.addEventListener('input', ({ target }) => {
    if (target !== order) return update()
    const [index, down] = order.value.split(',')
    sortBy(Number(index), down !== undefined)
  })
  // who has changed the rows gives them, in the order in which they came
  box.addEventListener('rows', (event) => {
    rows = (event as CustomEvent<HTMLTableRowElement[]>).detail
    update()
  })
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
