import type { Scenario } from '../scenarios.ts'

// Opens the row's page, and, when that has closed itself and the scenario's time has passed, another one.

const query = new URLSearchParams(location.search)
const { closedForMs = 0 } = JSON.parse(query.get('scenario') ?? '{}') as Scenario
const url = new URL(`index.html?${query}`, location.href)
url.hostname = '127.0.0.1'

window.open(url, '_blank', 'noopener')
await fetch(`/closed?row=${query.get('row')}`)
await new Promise((resolve) => setTimeout(resolve, closedForMs))
url.searchParams.set('later', '')
window.open(url, '_blank', 'noopener')
