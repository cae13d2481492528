/** The page's style sheet: light and dark, narrow and wide screens, paper. */
export const pageStyle = `
:root { color-scheme: light dark; --ink: #1c1c1e; --soft: #5c5c66; --line: #d9d9e0; --ground: #ffffff; --raised: #f6f6f8;
  --good: #9cc9ee; --bad: #f7b58c; --mark: #0061a8; }
@media (prefers-color-scheme: dark) { :root { --ink: #ececf0; --soft: #a6a6b0; --line: #3a3a42; --ground: #16161a; --raised: #212127;
  --good: #0f5288; --bad: #8a3a06; --mark: #6cb8f0; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 1.5rem 1.25rem 4rem; color: var(--ink); background: var(--ground);
  font: 16px/1.5 system-ui, "Open Sans", sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .5rem; overflow-wrap: anywhere; } h2 { font-size: 1.2rem; margin: 2.5rem 0 .75rem; overflow-wrap: anywhere; }
h3 { font-size: 1rem; margin: 1.5rem 0 .5rem; } p { max-width: 52rem; overflow-wrap: anywhere; } .soft, small { color: var(--soft); }
a { color: var(--mark); } nav a { display: inline-block; padding: .25rem 0; margin-right: 1rem; overflow-wrap: anywhere; }
.anchor { margin-left: .4rem; text-decoration: none; color: var(--soft); font-weight: 400; }
.facts { display: flex; flex-wrap: wrap; gap: .25rem 2rem; margin: .5rem 0; } .facts dd { margin: 0; overflow-wrap: anywhere; } .facts dt { color: var(--soft); font-size: .85rem; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .6rem; text-align: right; border-bottom: 1px solid var(--line); font-weight: 400; vertical-align: baseline; }
thead th { border-bottom-width: 2px; vertical-align: bottom; font-weight: 600; } thead small { display: block; font-weight: 400; } .text { text-align: left; overflow-wrap: break-word; max-width: 24rem; }
table caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
thead button { all: unset; cursor: pointer; font-weight: 600; } thead button span::after { content: " ↕"; color: var(--soft); font-weight: 400; }
[aria-sort=ascending] button span::after { content: " ↑"; } [aria-sort=descending] button span::after { content: " ↓"; }
.data { margin: .5rem 0 1rem; } .data td:not(.text) { white-space: nowrap; } .data tbody tr:hover { background: var(--raised); }
tr.fixed { background: var(--raised); } .effects thead th:first-child, .effects tbody th { position: sticky; left: 0; background: var(--ground); min-width: 9rem; z-index: 1; }
.effects tr.fixed th { background: var(--raised); } .effects .change { display: block; color: var(--soft); font-size: .8em; } .effects .group { border-left: 1px solid var(--line); }
.ci { color: var(--soft); font-size: .9em; } .below { display: block; font-size: .8em; font-style: italic; }
.s1 { --share: 25%; } .s2 { --share: 40%; } .s3 { --share: 60%; } .s4 { --share: 80%; } .s5 { --share: 100%; }
.good[class*=" s"] { background: color-mix(in srgb, var(--good) var(--share), var(--ground)); } .bad[class*=" s"] { background: color-mix(in srgb, var(--bad) var(--share), var(--ground)); }
.good .change, .bad .change, .good .ci, .bad .ci { color: inherit; } .key { padding: 0 .35rem; border-radius: .2rem; color: var(--ink); }
#all-differences table { font-size: .85rem; } #all-differences tbody th { min-width: 9rem; } #tests summary h3 { display: inline; }
figure { margin: 1.5rem 0; } .charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 16rem), 1fr)); gap: 1rem 1.5rem; }
.chart { position: relative; min-width: 0; } .chart:only-child { grid-column: 1 / -1; max-width: 38rem; } .chart svg { width: 100%; height: auto; display: block; }
.chart button { position: absolute; top: 0; right: 0; } figcaption { color: var(--soft); font-size: .9rem; max-width: 52rem; overflow-wrap: anywhere; }
@media (min-width: 60rem) { figure.single { display: grid; grid-template-columns: minmax(0, 38rem) minmax(0, 1fr); gap: 2rem; align-items: center; } }
.keys { list-style: none; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; padding: 0; margin: .5rem 0; font-size: .9rem; } .keys svg { margin-right: .4rem; } .keys li { overflow-wrap: anywhere; }
[aria-roledescription="point"]:hover, [aria-roledescription="point"]:focus { stroke: var(--ink); stroke-width: 2px; outline: none; }
#tip { position: absolute; pointer-events: none; background: var(--ink); color: var(--ground); padding: .3rem .6rem; border-radius: .3rem;
  font-size: .85rem; max-width: min(22rem, calc(100vw - 1rem)); z-index: 2; overflow-wrap: anywhere; }
pre { background: var(--raised); padding: .75rem 1rem; border-radius: .4rem; overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; }
details { border-bottom: 1px solid var(--line); padding: .4rem 0; } summary { cursor: pointer; overflow-wrap: anywhere; }
dl { margin: .2rem 0 .2rem .5rem; } .facts { margin-left: 0; } dt { color: var(--soft); font-size: .85rem; } dd { margin: 0 0 .3rem 1rem; overflow-wrap: anywhere; }
dl ol { margin: 0; padding-left: 1.5rem; }
.controls, .tools { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: end; margin: .5rem 0; } .tools[hidden] { display: none; }
.controls label, .tools label { display: grid; font-size: .85rem; color: var(--soft); max-width: 100%; } .tools label.narrow { display: none; } .tools [role=status] { margin-left: auto; font-size: .85rem; }
select, input, button { font: inherit; color: var(--ink); background: var(--raised); border: 1px solid var(--line); border-radius: .35rem; padding: .25rem .6rem; max-width: 100%; }
button { cursor: pointer; } .tools button, .chart button { font-size: .8rem; padding: .1rem .5rem; color: var(--soft); min-height: 1.6rem; }
:focus-visible { outline: 2px solid var(--mark); outline-offset: 2px; } [hidden] { display: none; }
sample-card { display: block; border: 1px solid var(--line); border-radius: .5rem; padding: .75rem 1rem; margin: .75rem 0; }
sample-card header { display: flex; gap: .25rem 1rem; flex-wrap: wrap; font-size: .85rem; color: var(--soft); } sample-card .question { white-space: pre-wrap; overflow-wrap: anywhere; margin: .5rem 0; max-height: 16rem; overflow: auto; }
sample-card table { font-size: .9rem; width: 100%; max-width: 60rem; table-layout: fixed; } sample-card th, sample-card td { overflow-wrap: anywhere; } sample-card th:first-child, sample-card td:first-child { text-align: left; width: 40%; }
sample-card .gold td:first-child::before { content: "✓ "; } sample-card .picked { font-weight: 700; }
.answers { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 16rem), 1fr)); gap: 1rem; } .answers pre { margin: 0; }
@media (max-width: 44rem) { body { padding: 1rem .75rem 3rem; font-size: 15px; } .tools label.narrow:not([hidden]) { display: grid; }
  .data thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; } .data .scroll { overflow: visible; } .data table, .data tbody { display: block; }
  .data tbody tr { display: block; padding: .4rem 0; border-bottom: 1px solid var(--line); } .data tbody th, .data tbody td { display: grid; grid-template-columns: 7.5rem minmax(0, 1fr); gap: 0 .5rem; align-items: baseline; border: 0; padding: .1rem .4rem; text-align: left; max-width: none; overflow-wrap: anywhere; } .data tbody th { display: block; }
  .data td:not(.text) { white-space: normal; } .data tbody th { position: static; font-weight: 600; } .data td::before { content: attr(data-label); color: var(--soft); font-size: .85em; overflow-wrap: anywhere; } .good::before, .bad::before { color: inherit !important; }
  .effects .change, .below { display: inline; } .effects .group { border: 0; } sample-card { padding: .5rem .6rem; } sample-card th, sample-card td { padding: .2rem .25rem; } }
@media print { :root { color-scheme: light; --ink: #000; --ground: #fff; --raised: #f3f3f3; --line: #bbb; --soft: #444; --good: #9cc9ee; --bad: #f7b58c; --mark: #000; }
  body { max-width: none; padding: 0; font-size: 9.5pt; } nav, .controls, .tools, .anchor, .chart button, #more { display: none !important; } thead button span::after { content: none !important; } figure, tr, sample-card { break-inside: avoid; } h2, h3 { break-after: avoid; }
  .scroll { overflow: visible; } .effects tbody th, .effects thead th:first-child { position: static; min-width: 0; } th, td { padding: .15rem .35rem; } .data td:not(.text) { white-space: normal; } thead { display: table-header-group; }
  .charts { grid-template-columns: repeat(2, 1fr); } sample-card:nth-of-type(n+6) { display: none; } details::details-content { content-visibility: visible; display: block; } #all-differences table { font-size: 6.5pt; } #all-differences th, #all-differences td { min-width: 0; padding: .1rem .2rem; } sample-card .question { max-height: none; } a[href^="https"]::after { content: " (" attr(href) ")"; font-size: .8em; }
  .s1, .s2, .s3, .s4, .s5, tr.fixed { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
`
