import type { Config } from 'vega-lite'

/** Colours of a chart; `page` follows the colours of the HTML page around it, `paper` is dark on white for files. */
export type Theme = 'page' | 'paper'

/**
 * After Okabe and Ito's palette, distinguishable with any colour vision: its blue, vermillion and green, purple, brown and grey darker, so that each has 3 to 1 on
 * white and on the page's dark grey; orange and sky blue last, for they have less on white.
 */
export const palette = ['#0072b2', '#d55e00', '#009e73', '#b0588f', '#946518', '#767676', '#e69f00', '#56b4e9']

/** The font of all charts; its files come with the package, so that PNGs look alike everywhere. */
export const chartFont = 'Open Sans'

/** vega-lite's configuration for a theme. */
export function chartConfig(theme: Theme): Config {
  // an SVG inside the page takes its text colour, light or dark
  const ink = theme === 'page' ? 'currentColor' : '#1a1a1a'
  const font = theme === 'page' ? `${chartFont}, system-ui, sans-serif` : chartFont
  const text = { labelColor: ink, titleColor: ink, labelFont: font, titleFont: font, titleFontWeight: 600 as const }
  return {
    background: theme === 'page' ? 'transparent' : '#ffffff',
    font,
    axis: {
      ...text,
      labelFontSize: 12,
      titleFontSize: 12,
      domainColor: ink,
      tickColor: ink,
      gridColor: ink,
      gridOpacity: 0.12,
      titlePadding: 8,
    },
    legend: { ...text, labelFontSize: 12, titleFontSize: 12, labelLimit: 220, orient: 'bottom', columns: 2 },
    header: { ...text, labelFontSize: 12 },
    title: { color: ink, font, fontSize: 14, fontWeight: 600, anchor: 'start', offset: 12 },
    view: { stroke: null },
    range: { category: palette },
    text: { color: ink },
    rule: { color: ink },
  }
}
