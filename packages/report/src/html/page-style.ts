/** The page's style sheet: light and dark, narrow and wide screens, paper. */
export const pageStyle = `
:root { color-scheme: light dark; --ink: #1c1c1e; --soft: #5c5c66; --line: #d9d9e0; --ground: #ffffff; --raised: #f6f6f8;
  --better: #d7f0e0; --worse: #fbe0d8; --mark: #0061a8; }
@media (prefers-color-scheme: dark) { :root { --ink: #ececf0; --soft: #a6a6b0; --line: #3a3a42; --ground: #16161a; --raised: #212127;
  --better: #12402a; --worse: #52251a; --mark: #6cb8f0; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 68rem; padding: 1.5rem 1rem 4rem; color: var(--ink); background: var(--ground);
  font: 16px/1.5 system-ui, "Open Sans", sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem; } h2 { font-size: 1.2rem; margin: 2.5rem 0 .75rem; }
h3 { font-size: 1rem; margin: 1.5rem 0 .5rem; } p { max-width: 46rem; } .soft, small { color: var(--soft); }
a { color: var(--mark); } nav a { margin-right: 1rem; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; width: max-content; max-width: none; }
th, td { padding: .3rem .7rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
thead th { border-bottom-width: 2px; vertical-align: bottom; } tbody th, thead th:first-child { text-align: left; font-weight: 500; }
.overview tbody th, .overview thead th:first-child { position: sticky; left: 0; background: var(--ground); }
tr.baseline { background: var(--raised); } tr.baseline th { background: var(--raised) !important; }
.difference { color: var(--soft); font-size: .85em; } td.beyond.better { background: var(--better); } td.beyond.worse { background: var(--worse); }
td.beyond .difference { color: inherit; }
figure { margin: 1.5rem 0; overflow-x: auto; } figure svg { max-width: 100%; min-width: 34rem; height: auto; display: block; }
figcaption { color: var(--soft); font-size: .9rem; max-width: 46rem; }
[aria-roledescription="point"]:hover, [aria-roledescription="point"]:focus { stroke: var(--ink); stroke-width: 2px; outline: none; }
#tip { position: absolute; pointer-events: none; background: var(--ink); color: var(--ground); padding: .3rem .6rem; border-radius: .3rem;
  font-size: .85rem; max-width: 22rem; z-index: 2; }
pre { background: var(--raised); padding: .75rem 1rem; border-radius: .4rem; overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; }
details { border-bottom: 1px solid var(--line); padding: .4rem 0; } summary { cursor: pointer; }
dl { margin: .2rem 0 .2rem .5rem; } dt { color: var(--soft); font-size: .85rem; } dd { margin: 0 0 .3rem 1rem; overflow-wrap: anywhere; }
dl ol { margin: 0; padding-left: 1.5rem; }
.controls { display: flex; flex-wrap: wrap; gap: .75rem 1rem; align-items: end; margin: .5rem 0 1rem; }
.controls label { display: grid; font-size: .85rem; color: var(--soft); } select, input, button { font: inherit; color: inherit;
  background: var(--raised); border: 1px solid var(--line); border-radius: .35rem; padding: .35rem .6rem; max-width: 100%; }
:focus-visible { outline: 2px solid var(--mark); outline-offset: 2px; }
.sample { border: 1px solid var(--line); border-radius: .5rem; padding: .75rem 1rem; margin: .75rem 0; }
.sample header { display: flex; gap: 1rem; flex-wrap: wrap; font-size: .85rem; color: var(--soft); }
.sample .question { white-space: pre-wrap; overflow-wrap: anywhere; margin: .5rem 0; max-height: 16rem; overflow: auto; }
.sample table { font-size: .9rem; width: 100%; } .sample td:first-child, .sample th:first-child { text-align: left; white-space: normal; overflow-wrap: anywhere; }
.sample .gold td:first-child::before { content: "✓ "; } .sample .picked { font-weight: 700; }
.answers { display: grid; grid-template-columns: repeat(auto-fit, minmax(16rem, 1fr)); gap: 1rem; } .answers pre { margin: 0; }
@media (max-width: 40rem) { body { padding: 1rem .75rem 3rem; font-size: 15px; } th, td { padding: .3rem .45rem; } }
@media print { :root { --ink: #000; --ground: #fff; --raised: #f3f3f3; --line: #bbb; --soft: #444; --better: #d7f0e0; --worse: #fbe0d8; }
  body { max-width: none; padding: 0; font-size: 10pt; } nav, .controls, #samples { display: none; } figure, table { break-inside: avoid; } figure svg { min-width: 0; }
  details > * { display: block; } .scroll { overflow: visible; } td { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
`
