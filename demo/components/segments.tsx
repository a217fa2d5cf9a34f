interface Props<Name extends string> {
  title: string
  /** Segments of one group exclude each other. */
  group: string
  options: readonly { name: Name; title: string }[]
  value: Name | null
  onChoose: (name: Name) => void
}

/** One of a few, side by side. */
export function Segments<Name extends string>({ title, group, options, value, onChoose }: Props<Name>) {
  return (
    <fieldset>
      <legend class="segments-title">{title}</legend>
      <div class="segments">
        {options.map((option) => (
          <label key={option.name}>
            <input
              type="radio"
              name={group}
              data-testid={`${group}-${option.name}`}
              checked={value === option.name}
              onChange={() => onChoose(option.name)}
            />
            <span>{option.title}</span>
          </label>
        ))}
      </div>
    </fieldset>
  )
}
