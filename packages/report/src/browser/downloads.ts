// Takes tables away as CSV and charts as SVG: as they are shown, rows that are filtered away left out.
start(document)
// a page that gets new content says so
document.addEventListener('content', (event) => start(event.target as Element))

function start(root: ParentNode): void {
  for (const button of root.querySelectorAll<HTMLButtonElement>('[data-csv]')) {
    button.setAttribute('aria-label', `CSV of ${button.dataset.csv}`)
    button.addEventListener('click', () => {
      const table = document.querySelector<HTMLTableElement>(`#${CSS.escape(button.dataset.csv!)} table`)!
      save(`${button.dataset.csv}.csv`, 'text/csv', csvOf(table))
    })
  }
  for (const button of root.querySelectorAll<HTMLButtonElement>('[data-svg]')) {
    button.hidden = false
    button.setAttribute('aria-label', `SVG of ${button.dataset.svg}`)
    button.addEventListener('click', () => {
      const svg = button.parentElement!.querySelector('svg')!.cloneNode(true) as SVGElement
      // on the page its ink is that of the text around it; alone it is black on white
      svg.setAttribute('color', '#1a1a1a')
      const ground = document.createElementNS('http://www.w3.org/2000/svg', 'rect')
      for (const [name, value] of Object.entries({ width: '100%', height: '100%', fill: '#ffffff' }))
        ground.setAttribute(name, value)
      svg.prepend(ground)
      save(`${button.dataset.svg}.svg`, 'image/svg+xml', new XMLSerializer().serializeToString(svg))
    })
  }
}

/** Names of the columns, then the rows that are shown, each value in full. */
function csvOf(table: HTMLTableElement): string {
  const heads = [...table.querySelectorAll<HTMLElement>('thead th')].map(({ dataset: { name, csvNames } }) =>
    csvNames === undefined ? [name!] : listOf(csvNames),
  )
  const rows = [...table.tBodies[0]!.rows]
    .filter((row) => !row.hidden)
    .map((row) =>
      [...row.cells].flatMap(({ dataset: { v = '', more } }, index) => {
        const values = [v, ...listOf(more)]
        return heads[index]!.map((_, at) => values[at] ?? '')
      }),
    )
  return [heads.flat(), ...rows].map((cells) => `${cells.map(csvCell).join(',')}\r\n`).join('')
}

function listOf(json = '[]'): string[] {
  return JSON.parse(json) as string[]
}

/** Quoted where it must be. A text that a spreadsheet would run is made a text by an apostrophe. */
function csvCell(text: string): string {
  const plain = /^[=+@\t\r-]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain
}

function save(name: string, type: string, text: string): void {
  const link = document.createElement('a')
  link.download = name
  link.href = URL.createObjectURL(new Blob([text], { type }))
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}

export {}
