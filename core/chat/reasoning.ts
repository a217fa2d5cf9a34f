import type { ReasoningOptions } from '../options/options.ts'

/** Models that think before, or between, what they say; `*` stands for anything. Matched after any `vendor/`. */
const REASONING_MODELS = [
  'o1*',
  'o3*',
  'o4*',
  'gpt-5*',
  'gpt-oss*',
  'codex-*',
  '*deepseek-r1*',
  '*deepseek-reasoner*',
  '*deepseek.r1*',
  'qwq*',
  '*thinking*',
  '*reasoning*',
  '*reasoner*',
  'gemini-2.5-*',
  'gemini-3*',
  'grok-3-mini*',
  'grok-4*',
  'magistral*',
]

/** Models whose names look like the above and that answer at once. */
const PLAIN_MODELS = ['gpt-5-chat*', 'gpt-5.*-chat*', '*non-reasoning*', '*nonreasoning*', '*nothink*']

/** Whether a request may think for minutes without a byte: by its model's name, or because its body asks for it. */
export function isReasoning(
  model: string | undefined,
  body: unknown,
  options: ReasoningOptions | false = {},
): boolean {
  if (options === false) return false
  if (asksForReasoning(body)) return true
  if (!model) return false
  if (matchesAny(model, options.models ?? [])) return true
  if (matchesAny(model, [...(options.except ?? []), ...PLAIN_MODELS])) return false
  return matchesAny(model, REASONING_MODELS)
}

function matchesAny(model: string, patterns: string[]): boolean {
  const name = model.toLowerCase()
  const bare = name.slice(name.lastIndexOf('/') + 1)
  return patterns.some((pattern) => {
    const parts = pattern
      .toLowerCase()
      .split('*')
      .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
    const matcher = new RegExp(`^${parts.join('.*')}$`)
    return matcher.test(bare) || matcher.test(name)
  })
}

/** Reads the switches that providers have for it; each can also say "no". */
function asksForReasoning(body: unknown): boolean {
  const fields = record(body)
  const config = record(fields.generationConfig)
  const thinkingConfig = record(config.thinkingConfig ?? config.thinking_config)
  return (
    isOn(fields.reasoning_effort) ||
    isOn(fields.reasoning) ||
    isOn(fields.thinking) ||
    isOn(fields.think) ||
    isOn(fields.enable_thinking) ||
    isOn(thinkingConfig.thinkingBudget ?? thinkingConfig.thinkingLevel)
  )
}

function isOn(value: unknown): boolean {
  if (typeof value === 'string') return value !== 'none' && value !== 'off' && value !== ''
  if (typeof value === 'object' && value !== null) {
    const { type, enabled, effort, exclude: _, ...rest } = value as Record<string, unknown>
    if (type === 'disabled' || enabled === false || effort === 'none') return false
    return type !== undefined || enabled === true || effort !== undefined || Object.keys(rest).length > 0
  }
  return Boolean(value)
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
