// str.title(), capitalize(), casefold(), swapcase() and the tests of case, with Unicode's full mappings as CPython has them.

/** Title case where it is not upper case: character, then its title form. */
const titleForms = new Map(
  'ßSs Ǆǅ ǅǅ ǆǅ Ǉǈ ǈǈ ǉǈ Ǌǋ ǋǋ ǌǋ Ǳǲ ǲǲ ǳǲ ևԵւ ᾀᾈ ᾁᾉ ᾂᾊ ᾃᾋ ᾄᾌ ᾅᾍ ᾆᾎ ᾇᾏ ᾈᾈ ᾉᾉ ᾊᾊ ᾋᾋ ᾌᾌ ᾍᾍ ᾎᾎ ᾏᾏ ᾐᾘ ᾑᾙ ᾒᾚ ᾓᾛ ᾔᾜ ᾕᾝ ᾖᾞ ᾗᾟ ᾘᾘ ᾙᾙ ᾚᾚ ᾛᾛ ᾜᾜ ᾝᾝ ᾞᾞ ᾟᾟ ᾠᾨ ᾡᾩ ᾢᾪ ᾣᾫ ᾤᾬ ᾥᾭ ᾦᾮ ᾧᾯ ᾨᾨ ᾩᾩ ᾪᾪ ᾫᾫ ᾬᾬ ᾭᾭ ᾮᾮ ᾯᾯ ᾲ\u1fba\u0345 ᾳᾼ ᾴ\u0386\u0345 ᾷᾼ\u0342 ᾼᾼ ῂ\u1fca\u0345 ῃῌ ῄ\u0389\u0345 ῇῌ\u0342 ῌῌ ῲ\u1ffa\u0345 ῳῼ ῴ\u038f\u0345 ῷῼ\u0342 ῼῼ ﬀFf ﬁFi ﬂFl ﬃFfi ﬄFfl ﬅSt ﬆSt ﬓՄն ﬔՄե ﬕՄի ﬖՎն ﬗՄխ'
    .split(' ')
    .map((pair) => [pair[0]!, pair.slice(1)] as const),
)
const georgian = /^[\u10d0-\u10fa\u10fd-\u10ff]$/
const cherokee = /^[\u13a0-\u13fd\uab70-\uabbf]$/
const isCased = /^\p{Cased}$/u
const upperCase = /^\p{Uppercase}$/u
const lowerCase = /^\p{Lowercase}$/u
const titleCase = /^\p{Lt}$/u

function titleCharacter(character: string): string {
  return titleForms.get(character) ?? (georgian.test(character) ? character : character.toUpperCase())
}

/** str.capitalize(): the first character in title case, the rest in lower case. */
export function capitalize(text: string): string {
  const [first = ''] = text
  // lower case of the whole: a final sigma depends on what stands before it
  return titleCharacter(first) + text.toLowerCase().slice(first.toLowerCase().length)
}

/** str.title(): each letter after something that has no case in title case, the others in lower case. */
export function toTitle(text: string): string {
  const lower = text.toLowerCase()
  let out = ''
  let at = 0
  let inside = false
  for (const character of text) {
    // the lower case of the whole text knows final sigmas
    const length = character.toLowerCase().length
    out += inside ? lower.slice(at, at + length) : titleCharacter(character)
    at += length
    inside = isCased.test(character)
  }
  return out
}

/** str.casefold() */
export function casefold(text: string): string {
  return [...text]
    .map((character) => {
      if (character === 'ı') return character
      if (character === 'ẞ') return 'ss'
      const upper = character.toUpperCase()
      return cherokee.test(character) ? upper : upper.toLowerCase()
    })
    .join('')
}

/** str.swapcase() */
export function swapCase(text: string): string {
  const lower = text.toLowerCase()
  let out = ''
  let at = 0
  for (const character of text) {
    const length = character.toLowerCase().length
    if (upperCase.test(character)) out += lower.slice(at, at + length)
    else out += lowerCase.test(character) ? character.toUpperCase() : character
    at += length
  }
  return out
}

/** str.isupper() */
export function isUpper(text: string): boolean {
  let cased = false
  for (const character of text) {
    if (lowerCase.test(character) || titleCase.test(character)) return false
    cased ||= upperCase.test(character)
  }
  return cased
}

/** str.islower() */
export function isLower(text: string): boolean {
  let cased = false
  for (const character of text) {
    if (upperCase.test(character) || titleCase.test(character)) return false
    cased ||= lowerCase.test(character)
  }
  return cased
}

/** str.istitle() */
export function isTitle(text: string): boolean {
  let cased = false
  let inside = false
  for (const character of text) {
    if (upperCase.test(character) || titleCase.test(character)) {
      if (inside) return false
      inside = true
      cased = true
    } else if (lowerCase.test(character)) {
      if (!inside) return false
      cased = true
    } else inside = false
  }
  return cased
}
