/**
 * What moves on the page: names of points at the pointer and at the keyboard's focus, and the table of samples with its filters. Plain
 * JavaScript for browsers; the samples are SampleData in the element #sample-data.
 */
export const pageScript = `
'use strict'
const tip = document.getElementById('tip')
const show = (mark, x, y) => {
  tip.textContent = mark.getAttribute('aria-label')
  tip.hidden = false
  tip.style.left = Math.max(4, Math.min(x + 12, scrollX + innerWidth - tip.offsetWidth - 8)) + 'px'
  tip.style.top = y + 14 + 'px'
}
for (const mark of document.querySelectorAll('figure [aria-roledescription="point"]')) {
  mark.setAttribute('tabindex', '0')
  mark.addEventListener('pointermove', (event) => show(mark, event.pageX, event.pageY))
  mark.addEventListener('pointerleave', () => { tip.hidden = true })
  mark.addEventListener('focus', () => {
    const box = mark.getBoundingClientRect()
    show(mark, box.right + scrollX, box.top + scrollY)
  })
  mark.addEventListener('blur', () => { tip.hidden = true })
}

const source = document.getElementById('sample-data')
if (source) {
  const { documents, runs } = JSON.parse(source.textContent)
  const pick = (name) => document.querySelector('#samples [name=' + name + ']')
  const [before, after, task, which, words] = ['before', 'after', 'task', 'which', 'words'].map(pick)
  const list = document.getElementById('sample-list')
  const more = document.getElementById('more')
  const count = document.getElementById('sample-count')
  let shown = 20
  const best = (answer) => typeof answer[1] === 'string' ? answer[1] : answer[1].indexOf(Math.max(...answer[1]))
  const margin = (answer) => {
    if (typeof answer[1] === 'string' || answer[1].length < 2) return null
    const [first, second] = [...answer[1]].sort((a, b) => b - a)
    return first - second
  }
  const element = (name, text, kind) => {
    const made = document.createElement(name)
    if (text !== undefined) made.textContent = text
    if (kind) made.className = kind
    return made
  }
  const number = (value) => value === null ? '–' : value.toFixed(3).replace('-', '−')
  const card = ({ doc, one, two }) => {
    const box = element('article', undefined, 'sample')
    const head = element('header')
    head.append(element('span', doc.task + ' #' + doc.id), element('span', 'target: ' + doc.target))
    if (two) head.append(element('span', 'score ' + one[0] + ' → ' + two[0]))
    else head.append(element('span', 'score ' + one[0]))
    box.append(head, element('div', doc.question, 'question'))
    const answers = two ? [one, two] : [one]
    const names = two ? [runs[before.value].label, runs[after.value].label] : [runs[after.value].label]
    if (doc.choices.length > 0 && answers.every((answer) => typeof answer[1] !== 'string')) {
      const table = element('table')
      const top = element('tr')
      top.append(element('th', 'log-probability'), ...names.map((name) => element('th', name)))
      table.append(top)
      doc.choices.forEach((choice, index) => {
        const line = element('tr', undefined, String(index) === doc.target || choice.trim() === doc.target ? 'gold' : '')
        line.append(element('td', choice))
        for (const answer of answers) line.append(element('td', number(answer[1][index]), best(answer) === index ? 'picked' : ''))
        table.append(line)
      })
      const foot = element('tr')
      foot.append(element('td', 'margin of the best', 'soft'), ...answers.map((answer) => element('td', number(margin(answer)))))
      table.append(foot)
      box.append(table)
    } else {
      const columns = element('div', undefined, 'answers')
      answers.forEach((answer, index) => {
        const column = element('div')
        column.append(element('div', names[index], 'soft'), element('pre', typeof answer[1] === 'string' ? answer[1] : answer[1].map(number).join(', ')))
        columns.append(column)
      })
      box.append(columns)
    }
    return box
  }
  const update = () => {
    const needle = words.value.toLowerCase()
    const pairs = documents.map((doc, index) => ({
      doc,
      one: runs[before ? before.value : after.value].answers[index],
      two: before ? runs[after.value].answers[index] : null,
    }))
    const found = pairs.filter(({ doc, one, two }) => {
      if (!one || (before && !two)) return false
      if (task.value && doc.task !== task.value) return false
      if (needle && !(doc.question + ' ' + doc.choices.join(' ')).toLowerCase().includes(needle)) return false
      if (!two || which.value === 'all') return true
      if (which.value === 'changed') return best(one) !== best(two)
      return which.value === 'worse' ? two[0] < one[0] : two[0] > one[0]
    })
    // changed answers first, the surest of them at the top
    const weight = ({ one, two }) => two && best(one) !== best(two) ? 1e9 + (margin(two) ?? 0) : 0
    found.sort((a, b) => weight(b) - weight(a))
    list.replaceChildren(...found.slice(0, shown).map(card))
    count.textContent = found.length + ' of ' + documents.length + ' documents'
    more.hidden = found.length <= shown
  }
  for (const control of [before, after, task, which, words]) {
    if (control) control.addEventListener('input', () => { shown = 20; update() })
  }
  more.addEventListener('click', () => { shown += 20; update() })
  update()
}
`
