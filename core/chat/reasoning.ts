import type { ReasoningOptions } from '../options/options.ts'

/** Models that think before, or between, what they say; names without their `vendor/`. */
const REASONING =
  /^(o[134]\b|gpt-(5|oss)|codex-|qwq|magistral|gemini-(2\.5|[3-9])|grok-(3-mini|4))|deepseek[-.]r(1|easoner)|thinking|reason/

/** Models whose names look like the above and that answer at once. */
const PLAIN = /^gpt-5[\d.]*-chat|non-?reasoning|no-?think/

/** Whether a request may think for minutes without a byte: by its model's name, or because its body asks for it. */
export function isReasoning(
  model: string | undefined,
  body: unknown,
  options: ReasoningOptions | false = {},
): boolean {
  if (options === false) return false
  if (asksForReasoning(body)) return true
  if (!model) return false
  const name = model.toLowerCase()
  const bare = name.slice(name.lastIndexOf('/') + 1)
  const isListed = (patterns: string[] = []) => patterns.some((pattern) => matches(pattern, name, bare))
  return isListed(options.models) || (REASONING.test(bare) && !PLAIN.test(bare) && !isListed(options.except))
}

/** Matches a pattern in which `*` stands for anything. */
function matches(pattern: string, ...names: string[]): boolean {
  const parts = pattern
    .toLowerCase()
    .split('*')
    .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
  const matcher = new RegExp(`^${parts.join('.*')}$`)
  return names.some((name) => matcher.test(name))
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
