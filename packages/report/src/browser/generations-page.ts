// What moves on a page of continuations: what a token says at the pointer and at the keyboard's focus, and what colours it.
const tip = document.getElementById('tip')!
const scale = document.getElementById('scale')!
const colour = document.getElementById('colour') as HTMLSelectElement
const tokens = document.querySelectorAll<HTMLElement>('.tokens span')

for (const token of tokens) {
  token.addEventListener('pointerenter', () => showTip(token))
  token.addEventListener('pointerleave', hideTip)
  token.addEventListener('focus', () => showTip(token))
  token.addEventListener('blur', hideTip)
}
colour.addEventListener('change', paint)
paint()

function showTip(token: HTMLElement): void {
  tip.textContent = token.getAttribute('aria-label')
  tip.hidden = false
  const box = token.getBoundingClientRect()
  tip.style.left = `${Math.max(4, Math.min(box.left, innerWidth - tip.offsetWidth - 8)) + scrollX}px`
  tip.style.top = `${box.bottom + scrollY + 6}px`
}

function hideTip(): void {
  tip.hidden = true
}

function paint(): void {
  const most = Number(colour.selectedOptions[0]!.dataset.most)
  scale.textContent = `strongest colour: ${most}`
  for (const token of tokens) {
    const strength = Number(token.dataset[colour.value]) / most
    token.style.setProperty('--s', String(Math.max(0, Math.min(1, strength))))
  }
}

export {}
