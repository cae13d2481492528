/** Which texts a card holds: of data sets none by default, whose licences are theirs. */
export const cardTexts = ['none', 'answers', 'all'] as const
export type CardTexts = (typeof cardTexts)[number]
