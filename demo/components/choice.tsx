interface Props {
  /** Choices of one group exclude each other. */
  group: string
  name: string
  title: string
  description: string
  checked: boolean
  onChoose: () => void
}

/** One of several, with a sentence about what it means. */
export function Choice({ group, name, title, description, checked, onChoose }: Props) {
  return (
    <label class="choice" data-testid={`${group}-${name}`}>
      <input type="radio" name={group} value={name} checked={checked} onChange={onChoose} />
      <span>
        <strong>{title}</strong>
        <small>{description}</small>
      </span>
    </label>
  )
}
