// Python's classes of characters that Unicode's properties in regular expressions do not give.

/** Digits that are not decimal: superscripts, circled ones, and so on (Numeric_Type=Digit). */
const otherDigits =
  '\\xb2\\xb3\\xb9\\u1369-\\u1371\\u19da\\u2070\\u2074-\\u2079\\u2080-\\u2089\\u2460-\\u2468\\u2474-\\u247c\\u2488-\\u2490\\u24ea\\u24f5-\\u24fd\\u24ff\\u2776-\\u277e\\u2780-\\u2788\\u278a-\\u2792\\u{10a40}-\\u{10a43}\\u{10e60}-\\u{10e68}\\u{11052}-\\u{1105a}\\u{1f100}-\\u{1f10a}'
/** Chinese characters that are numbers (Numeric_Type=Numeric). */
const hanNumbers =
  '㐅㒃㠪㭍一七万三九二五亖亿什仟仨伍佰億兆兩八六十千卄卅卌叁参參叄四壱壹幺廾廿弌弍弎弐拾捌柒漆玖百肆萬貮貳贰阡陆陌陸零\\uf96b\\uf973\\uf978\\uf9b2\\uf9d1\\uf9d3\\uf9fd𠀁𠁤𠃢𠄡𠤪𠦃𠦌𠦜𠫪𠫽𠬙𢎐𢦘𣬛𦉭\\u{2f890}'

const all = (set: string) => {
  const pattern = new RegExp(`^[${set}]+$`, 'u')
  return (text: string) => pattern.test(text)
}

/** str.isdecimal() */
export const isDecimal = all('\\p{Nd}')
/** str.isdigit() */
export const isDigits = all(`\\p{Nd}${otherDigits}`)
/** str.isnumeric() */
export const isNumeric = all(`\\p{N}${hanNumbers}`)
/** str.isalpha() */
export const isAlphabetic = all('\\p{L}')
/** str.isalnum() */
export const isAlphanumeric = all(`\\p{L}\\p{N}${hanNumbers}`)
/** str.isidentifier() */
export const isIdentifier = (text: string) => /^[\p{XID_Start}_]\p{XID_Continue}*$/u.test(text)
/** str.isprintable(): what repr() does not escape. */
export const isPrintable = (text: string) => /^(?:[^\p{C}\p{Z}]| )*$/u.test(text)
/** str.isascii() */
export const isAscii = (text: string) => /^[\x00-\x7f]*$/.test(text)
