// What a chart's points say: at the pointer, at a touch, and at the keyboard's focus. A figure is one stop of the Tab key; arrows go from point to point.
const tip = document.getElementById('tip')!

start(document)
// a page that gets new content says so
document.addEventListener('content', (event) => start(event.target as Element))

function start(root: ParentNode): void {
  for (const chart of root.querySelectorAll('.chart')) {
    const points = [...chart.querySelectorAll<SVGElement>('[aria-roledescription="point"]')]
    for (const [index, point] of points.entries()) {
      point.setAttribute('tabindex', index === 0 ? '0' : '-1')
      point.addEventListener('pointermove', (event) => showTip(point, event.pageX, event.pageY))
      point.addEventListener('pointerdown', (event) => showTip(point, event.pageX, event.pageY))
      point.addEventListener('pointerleave', hideTip)
      point.addEventListener('blur', hideTip)
      point.addEventListener('focus', () => {
        for (const other of points) other.setAttribute('tabindex', other === point ? '0' : '-1')
        const box = point.getBoundingClientRect()
        showTip(point, box.right + scrollX, box.top + scrollY)
      })
      point.addEventListener('keydown', (event) => {
        const next = points[nextOf(event.key, index, points.length)]
        if (event.key === 'Escape') hideTip()
        if (!next) return
        event.preventDefault()
        next.focus()
      })
    }
  }
}

function nextOf(key: string, index: number, count: number): number {
  if (key === 'Home') return 0
  if (key === 'End') return count - 1
  if (key === 'ArrowRight' || key === 'ArrowDown') return index + 1
  return key === 'ArrowLeft' || key === 'ArrowUp' ? index - 1 : -1
}

function showTip(mark: Element, x: number, y: number): void {
  tip.textContent = mark.getAttribute('aria-label')
  tip.hidden = false
  tip.style.left = `${Math.max(4, Math.min(x + 12, scrollX + innerWidth - tip.offsetWidth - 8))}px`
  tip.style.top = `${y + 14}px`
}

function hideTip(): void {
  tip.hidden = true
}

export {}
