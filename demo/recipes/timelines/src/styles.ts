/**
 * Colours differ by lightness and each kind by its pattern, so that none is told by hue alone. `light-dark()` follows the
 * page's `color-scheme`; an app sets `--timeline-…` to have its own.
 */
export const STYLES = `
:host {
  --ink: var(--timeline-ink, light-dark(#18201c, #e7ece9));
  --soft: var(--timeline-soft, light-dark(#53605a, #a3b0a9));
  --line: var(--timeline-line, light-dark(#dfe6e1, #2d3732));
  --ground: var(--timeline-ground, light-dark(#eef3f0, #202824));
  --attempt: light-dark(#1f6fb5, #7dbcf0);
  --wait: light-dark(#9a5b00, #f0b95c);
  --held: light-dark(#8a3f86, #dda0d8);
  --answering: light-dark(#0d6b55, #4fc3a1);
  --stalled: light-dark(#b3371c, #ff9478);
  display: block;
  color: var(--ink);
  font-variant-numeric: tabular-nums;
}

[hidden] {
  display: none !important;
}

ol,
ul,
p {
  margin: 0;
  padding: 0;
  list-style: none;
}

.empty {
  padding-block: 1rem;
  color: var(--soft);
}

.legend {
  display: flex;
  flex-wrap: wrap;
  gap: 0.25rem 1rem;
  padding-bottom: 0.75rem;
  color: var(--soft);
  font-size: 0.75rem;
}

.legend li {
  display: flex;
  align-items: center;
  gap: 0.375rem;
}

.sample {
  position: relative;
  flex: none;
  width: 1.5rem;
  height: 0.75rem;
}

.sample [data-kind] {
  position: absolute;
  inset: 0;
}

.axis {
  position: relative;
  height: 1.25rem;
  border-bottom: 1px solid var(--line);
  color: var(--soft);
  font-size: 0.75rem;
}

.axis span {
  position: absolute;
  left: calc(var(--from) / var(--span) * 100%);
  white-space: nowrap;
  translate: -50%;
}

.axis span:first-child {
  translate: 0;
}

.rows > li {
  border-bottom: 1px solid var(--line);
}

summary {
  display: block;
  padding-block: 0.5rem;
  cursor: pointer;
}

summary:focus-visible {
  border-radius: 0.25rem;
  outline: 2px solid var(--answering);
  outline-offset: 2px;
}

.head {
  display: flex;
  flex-wrap: wrap;
  align-items: baseline;
  gap: 0 0.5rem;
  padding-bottom: 0.25rem;
  font-size: 0.8125rem;
}

.name {
  font-weight: 600;
}

.name::before {
  display: inline-block;
  width: 0.75rem;
  color: var(--soft);
  content: '\\25B8' / '';
}

[open] .name::before {
  content: '\\25BE' / '';
}

.when {
  color: var(--soft);
  font-size: 0.75rem;
}

.whose {
  padding-inline: 0.375rem;
  border: 1px solid var(--line);
  border-radius: 0.5rem;
  color: var(--soft);
  font-size: 0.75rem;
}

.fate {
  margin-inline-start: auto;
  color: var(--soft);
  text-align: end;
}

[data-state='complete'] .fate::before {
  color: var(--answering);
  content: '\\2713\\A0' / '';
}

[data-state='failed'] .fate::before {
  color: var(--stalled);
  content: '\\2715\\A0' / '';
}

[data-state='stopped'] .fate::before {
  content: '\\25A0\\A0' / '';
}

.bar {
  position: relative;
  display: block;
  height: 1.375rem;
  border-radius: 0.25rem;
  background:
    linear-gradient(to right, var(--line) 1px, transparent 1px) 0 0 / calc(var(--step) / var(--span) * 100%) 100%,
    var(--ground);
}

.bar [data-kind] {
  position: absolute;
  left: calc(var(--from) / var(--span) * 100%);
  width: calc((var(--to) - var(--from)) / var(--span) * 100%);
  min-width: 2px;
  height: 100%;
}

[data-kind] {
  box-sizing: border-box;
  overflow: hidden;
  border: 1px solid var(--colour);
  border-radius: 0.1875rem;
  color: var(--ink);
  font-size: 0.6875rem;
  line-height: 1.25rem;
  text-align: center;
}

[data-kind='attempt'] {
  --colour: var(--attempt);
  background: color-mix(in srgb, var(--colour) 18%, transparent);
  container-type: inline-size;
}

@container (min-width: 0.625rem) {
  [data-attempt]::before {
    content: attr(data-attempt);
  }
}

[data-kind='wait'] {
  --colour: var(--wait);
  background: repeating-linear-gradient(135deg, var(--colour) 0 2px, transparent 2px 7px);
}

[data-kind='held'] {
  --colour: var(--held);
  background: radial-gradient(circle, var(--colour) 1.25px, transparent 1.75px) 0 0 / 6px 6px;
}

[data-kind='answering'] {
  --colour: var(--answering);
  background: var(--colour);
}

[data-kind='stalled'],
[data-kind='resuming'] {
  --colour: var(--stalled);
  background: repeating-linear-gradient(to right, var(--colour) 0 2px, transparent 2px 5px);
}

[data-kind='unseen'],
[data-kind='planned'] {
  --colour: var(--soft);
  border-style: dashed;
}

[data-mark] {
  position: absolute;
  z-index: 1;
  top: -3px;
  left: calc(var(--from) / var(--span) * 100%);
  width: 0;
  height: calc(100% + 6px);
  border-left: 2px solid var(--ink);
}

[data-mark]::before {
  position: absolute;
  top: -2px;
  left: -5px;
  box-sizing: border-box;
  width: 8px;
  height: 8px;
  border: 2px solid var(--ink);
  border-radius: 50%;
  background: var(--ink);
  content: '';
}

[data-mark='headers'] {
  border-left-style: dotted;
}

[data-mark='headers']::before {
  background: var(--ground);
}

[data-mark='detached'],
[data-mark='attached'] {
  border-left: 2px dashed var(--soft);
}

.legend [data-mark] {
  left: 50%;
}

:is([data-mark='detached'], [data-mark='attached'])::before {
  display: none;
}

.story {
  display: grid;
  gap: 0.125rem;
  padding: 0 0 0.75rem 0.75rem;
  font-size: 0.8125rem;
}

.story li {
  display: grid;
  grid-template-columns: 4rem 1fr;
  gap: 0.5rem;
}

.story li > :first-child {
  color: var(--soft);
  text-align: end;
}

@media (forced-colors: active) {
  [data-kind] {
    forced-color-adjust: none;
  }
}
`
