import type { ReasoningOptions } from '../options/options.ts'

/**
 * Families of models that reason before or between their outputs: how their names begin, after `vendor/` or `vendor.`.
 * The patterns are open-ended, so that the list ages well: the successors of a model that reasons will reason, too.
 */
const FAMILIES = [
  'o[1-9]\\d*\\b',
  'gpt-?([5-9]|1\\d)(?!\\d)',
  'gpt-oss',
  'codex-',
  'claude-([a-z]+-)*(([4-9]|[1-9]\\d)(?!\\d)|latest)',
  'gemini-(2[.-][5-9]|[3-9]|[1-9]\\d|([a-z]+-)*latest)',
  'deepseek[-.](r\\d|reasoner|(chat-)?v(3[.p-][1-9](?!\\d)|[4-9]|\\d\\d))',
  'r1-',
  'qwen([3-9]|1\\d)(?![\\db])',
  'q[wv]q',
  'kimi-k\\d',
  'glm-(4[.p][5-9]|4-[5-9]\\b|[5-9]\\b|1\\d|z\\d)',
  'minimax-m\\d',
  'grok-(3-mini|[4-9]|1\\d|code)',
  'magistral',
  'hunyuan-t\\d',
  'ernie-x\\d',
  '(doubao-)?seed-(oss|1[.-][6-9]|[2-9])',
]

/** One of these families, or a name that says so itself. */
const REASONING = new RegExp(`(^|\\.)(${FAMILIES.join('|')})|think|reason|deep-?research`)

/** Models whose names look like the above, but which do not reason. */
const PLAIN = /^gpt-?[\d.]+-(chat|instant)|no(n|t|)[-_]?(reason|think)/

/**
 * True if a request may take minutes of reasoning without a byte: by its model's name, or because its body asks for it.
 */
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

/**
 * The fields that ask providers for reasoning: `reasoning` and `reasoning_effort` (OpenAI, OpenRouter), `thinking`
 * (Anthropic, Cohere, DeepSeek, Z.ai), `think` (Ollama), `enable_thinking` and `thinking_budget` (Qwen),
 * `thinkingConfig` and `thinking_level` (Gemini), `reasoning_config` (Bedrock), `reasoning_budget` (llama.cpp),
 * `reasoning_format` (Groq), `include_reasoning`.
 */
const SWITCH = /^(enable_?|include_?)?(think|reasoning)/i

/** Where these fields are, if not at the top: Gemini; vLLM and SGLang; Gemini's OpenAI-compatible API; Bedrock. */
const PLACE = /^(generation_?config|chat_template_kwargs|extra_body|google|additionalModelRequestFields)$/i

/** Each of them can also say "no". The depth is bounded, because a body may be nested as deep as it likes. */
function asksForReasoning(body: unknown, depth = 0): boolean {
  return Object.entries(record(body)).some(
    ([name, value]) =>
      (SWITCH.test(name) && isOn(value)) ||
      (name === 'prompt_mode' && value === 'reasoning') || // Mistral
      (depth < 3 && PLACE.test(name) && asksForReasoning(value, depth + 1)),
  )
}

/** The parts of such a field that turn reasoning on or off; others control how it is shown. */
const PART = /type|enable|effort|budget|level|tokens/i

function isOn(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return isYes(value)
  const parts = Object.entries(value).filter(([name, part]) => PART.test(name) && part !== null)
  return parts.length > 0 && parts.every(([, part]) => isYes(part))
}

function isYes(value: unknown): boolean {
  return typeof value === 'string' ? !/^(|none|off|no|false|disabled?)$/i.test(value) : Boolean(value)
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
