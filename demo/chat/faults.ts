import { computed, signal } from '@preact/signals'
import { createId } from '../page/id.ts'
import { FAULTS, type Fault, type Preset } from '../server/faults.ts'

/** The faults, sorted for the menu. */
export const faultGroups = group(FAULTS)

export const chosenName = signal<string>('none')

/** The fault every next request asks for; nothing while all goes well. */
export const chosenFault = computed<Preset | null>(() => {
  const preset = (FAULTS as readonly Preset[]).find(({ name }) => name === chosenName.value)
  return preset?.steps.length ? preset : null
})

/** The fault as one request carries it: the id makes its attempts count from one. */
export function faultForRequest(): Fault | null {
  const preset = chosenFault.peek()
  if (!preset) return null
  return { id: createId(), steps: preset.steps, ...(preset.repeat ? { repeat: true } : {}) }
}

function group(presets: readonly Preset[]): { title: string; presets: Preset[] }[] {
  const groups = new Map<string, Preset[]>()
  for (const preset of presets) {
    const title = groupOf(preset)
    groups.set(title, [...(groups.get(title) ?? []), preset])
  }
  return [...groups].map(([title, presets]) => ({ title, presets }))
}

/** Sorted by what its steps do, so that a new fault finds its place by itself. */
function groupOf({ steps }: Preset): string {
  const [first] = steps
  const kinds = new Set(steps.map(({ kind }) => kind))
  if (!first || kinds.size > 1) return 'Good and bad days'
  switch (first.kind) {
    case 'status':
      return first.status === 429 ? 'Limits' : 'Refusals'
    case 'html':
      return 'Refusals'
    case 'reset':
    case 'hang':
      return 'Connections'
    case 'answer': {
      if (first.kept) return 'Connections'
      const broken = first.cut || first.pauses?.some(({ ms }) => ms === 'forever')
      return broken ? 'Broken answers' : 'Slow and odd answers'
    }
  }
}
