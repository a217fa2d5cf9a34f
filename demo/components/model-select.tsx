import { model, models } from '../page/settings.ts'
import { Icon } from './icon.tsx'

export function ModelSelect() {
  return (
    <label class="model-select">
      <span class="visually-hidden">Model</span>
      <select
        data-testid="model-select"
        value={model.value}
        onChange={(event) => (model.value = event.currentTarget.value)}
      >
        {models.value.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
      <Icon name="chevron" size={16} />
    </label>
  )
}
