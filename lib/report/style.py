"""The page's style sheet: system fonts, one column, tables that scroll in their box."""

STYLE = """
:root { --ink: #1f1f1f; --grey: #5f5f5f; --line: #d9d9d9; --tint: #f6f6f4; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1120px; padding: 28px 24px 80px; color: var(--ink);
  background: #fff; font: 16px/1.55 system-ui, "Segoe UI", Roboto, "Helvetica Neue",
  Arial, sans-serif; overflow-wrap: break-word; }
h1 { font-size: 30px; line-height: 1.2; margin: 0 0 8px; letter-spacing: -0.01em; }
h2 { font-size: 21px; margin: 56px 0 6px; padding-top: 14px;
  border-top: 2px solid var(--ink); }
h3 { font-size: 16px; margin: 34px 0 6px; }
p { max-width: 46em; margin: 8px 0; }
.claim { font-size: 18px; }
.facts, .note, figcaption, small { color: var(--grey); }
.facts, .note, figcaption { font-size: 13.5px; line-height: 1.5; max-width: 56em; }
.status { border-left: 4px solid var(--ink); background: var(--tint);
  padding: 8px 14px; margin: 16px 0; }
nav { font-size: 14px; margin: 16px 0 0; }
nav a { margin-right: 16px; color: var(--ink); display: inline-block; }
.box { overflow-x: auto; margin: 10px 0 4px; border-bottom: 1px solid var(--line); }
table { border-collapse: collapse; width: 100%; font-size: 14px;
  font-variant-numeric: tabular-nums; }
th { text-align: right; vertical-align: bottom; font-weight: 600; line-height: 1.3;
  border-bottom: 1px solid var(--ink); padding: 6px 10px; }
td { text-align: right; padding: 6px 10px; border-top: 1px solid var(--line);
  vertical-align: baseline; }
td small { display: block; font-size: 12px; white-space: nowrap; }
th:first-child, td:first-child, .left { text-align: left; }
td { white-space: nowrap; } td:first-child { font-weight: 600; }
td.long { white-space: normal; min-width: 18em; }
.rate0 { background: #fff; } .rate1 { background: #eef3f8; }
.rate2 { background: #d9e5f0; } .rate3 { background: #bcd2e6; }
.rate4 { background: #9dbedb; }
.verdict-reached::before { content: "\\2713  "; }
.verdict-above, .verdict-below, .verdict-missing, .short { font-weight: 700; }
.verdict-above::before { content: "\\25B2  "; }
.verdict-below::before { content: "\\25BC  "; }
.verdict-missing::before { content: "?  "; }
figure { margin: 22px 0 8px; }
figure img { display: block; width: 100%; height: auto; }
figure.narrow img { max-width: 800px; }
figcaption { margin-top: 6px; }
pre { font: 13px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace;
  background: var(--tint); border: 1px solid var(--line); padding: 12px 14px;
  margin: 6px 0 0; white-space: pre-wrap; max-height: 22em; overflow: auto; }
.samples { display: grid; gap: 20px;
  grid-template-columns: repeat(auto-fit, minmax(300px, 1fr)); }
.samples h4 { margin: 0; font-size: 14px; }
.evidence { font-size: 15px; line-height: 1.9; background: #fff; white-space: pre-wrap;
  border: 1px solid var(--line); padding: 10px 14px; max-width: 60em; margin: 6px 0;
  max-height: 26em; overflow: auto; }
.for1, .for2, .for3, .against1, .against2, .against3 { text-underline-offset: 3px;
  text-decoration-line: underline; text-decoration-color: var(--ink); }
.for1 { background: #e3edf6; text-decoration-thickness: 1px; }
.for2 { background: #bcd6ec; text-decoration-thickness: 2px; }
.for3 { background: #86b6dd; text-decoration-thickness: 3.5px; }
.against1, .against2, .against3 { text-decoration-style: wavy; }
.against1 { background: #fbe9dc; text-decoration-thickness: 0.7px; }
.against2 { background: #f6cba9; text-decoration-thickness: 1.4px; }
.against3 { background: #ee9f63; text-decoration-thickness: 2.2px; }
.unread { color: var(--grey); font-style: italic; }
pre.passage { max-height: none; }
.passage span { padding: 2px 0; }
.nats0 { background: #ffffff; color: #1f1f1f; }
.nats1 { background: #eef1f5; color: #1f1f1f; }
.nats2 { background: #dbe3ec; color: #1f1f1f; }
.nats3 { background: #c0cedd; color: #1f1f1f; }
.nats4 { background: #9fb4cb; color: #1f1f1f; }
.nats5 { background: #6f8cae; color: #ffffff; }
.nats6 { background: #44648c; color: #ffffff; }
.nats7 { background: #1c3a63; color: #ffffff; }
.pictures { display: flex; flex-wrap: wrap; gap: 14px; margin: 6px 0 14px; }
.pictures figure { margin: 0; width: 84px; }
.pictures img { width: 84px; height: auto; image-rendering: pixelated;
  border: 1px solid var(--line); }
.pictures figcaption { font-size: 12.5px; line-height: 1.35; margin-top: 3px; }
.pictures span { display: block; }
summary { cursor: pointer; font-weight: 600; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 18px;
  font-size: 14px; margin: 10px 0; }
dt { color: var(--grey); } dd { margin: 0; min-width: 0; }
@media (max-width: 640px) {
  body { padding: 18px 14px 60px; }
  h1 { font-size: 25px; } .claim { font-size: 16px; }
  table { font-size: 13px; } th, td { padding: 5px 7px; }
  .samples { grid-template-columns: 1fr; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: 8px; }
}
@media print {
  body { max-width: none; padding: 0; font-size: 11pt; }
  .box { overflow: visible; } pre { max-height: none; } nav { display: none; }
  .evidence { max-height: none; print-color-adjust: exact; }
  figure, tr, pre { break-inside: avoid; }
}
"""
