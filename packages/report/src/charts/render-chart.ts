import { createRequire } from 'node:module'
import { Resvg } from '@resvg/resvg-js'
import type { TopLevelSpec } from 'vega-lite'
import { chartConfig, chartFont, type Theme } from './theme.js'

/** A vega-lite chart as an SVG document. Every mark carries its numbers as its accessible name. */
export async function renderSvg(chart: TopLevelSpec, theme: Theme): Promise<string> {
  // they take as long to load as everything else together, and most commands draw nothing
  const [{ compile }, { parse, View }] = await Promise.all([import('vega-lite'), import('vega')])
  const { spec } = compile(chart, { config: chartConfig(theme) })
  const view = new View(parse(spec), { renderer: 'none' })
  try {
    return await view.toSVG()
  } finally {
    view.finalize()
  }
}

/** An SVG document as PNG, two pixels for each of its own; fonts come with the package, none of the system's are used. */
export function renderPng(svg: string): Uint8Array {
  const { resolve } = createRequire(import.meta.url)
  const fontFiles = ['400Regular/OpenSans_400Regular', '600SemiBold/OpenSans_600SemiBold'].map((name) =>
    resolve(`@expo-google-fonts/open-sans/${name}.ttf`),
  )
  return new Resvg(svg, {
    font: { fontFiles, loadSystemFonts: false, defaultFontFamily: chartFont },
    fitTo: { mode: 'zoom', value: 2 },
  })
    .render()
    .asPng()
}
