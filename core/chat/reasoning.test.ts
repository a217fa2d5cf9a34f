import { describe, expect, test } from 'vitest'
import type { ReasoningOptions } from '../options/options.ts'
import { isReasoning } from './reasoning.ts'

describe('isReasoning() knows the model', () => {
  test.each([
    'o1',
    'o1-preview',
    'o1-mini-2024-09-12',
    'o3',
    'o3-mini',
    'o4-mini',
    'openai/o3',
    'gpt-5',
    'gpt-5-nano-2025-08-07',
    'gpt-5.2-pro',
    'gpt-oss-120b',
    'openai/gpt-oss-20b:free',
    'codex-mini-latest',
    'deepseek-r1',
    'deepseek-reasoner',
    'deepseek-ai/DeepSeek-R1-0528',
    'deepseek-r1-distill-llama-70b',
    'us.deepseek.r1-v1:0',
    'qwq-32b',
    'Qwen/QwQ-32B-Preview',
    'qwen3-235b-a22b-thinking-2507',
    'moonshotai/kimi-k2-thinking',
    'magistral-medium-latest',
    'gemini-2.5-flash',
    'gemini-3-pro-preview',
    'grok-3-mini',
    'x-ai/grok-4',
    'grok-4-fast-reasoning',
    'phi-4-reasoning-plus',
    'claude-3.7-sonnet:thinking',
  ])('%s thinks', (model) => {
    expect(isReasoning(model, {})).toBe(true)
  })

  test.each([
    'gpt-6-astra',
    'gpt5-mini',
    'gpt-10',
    'o10-pro',
    'kimi-k3',
    'moonshotai/Kimi-K2-Instruct-0905',
    'glm-5',
    'zai-org/GLM-4.5V',
    'accounts/fireworks/models/glm-4p6',
    'glm-4.7-flash',
    'minimax-m2',
    'MiniMaxAI/MiniMax-M1-80k',
    'deepseek-v4-pro',
    'deepseek/deepseek-chat-v3.1',
    'deepseek-v3-1-250821',
    'deepseek-v3p2',
    'DeepSeek-V3.2-Exp',
    'deepseek-reasoner-v2',
    'perplexity/r1-1776',
    'claude-opus-5',
    'claude-sonnet-4-5-20250929',
    'claude-sonnet-4@20250514',
    'claude-haiku-4-5',
    'anthropic/claude-opus-4.1',
    'anthropic/claude-4.5-sonnet',
    'claude-sonnet-latest',
    'us.anthropic.claude-opus-4-20250514-v1:0',
    'claude-sonnet-10',
    'models/gemini-4-pro',
    'gemini-2-5-flash',
    'gemini-flash-latest',
    'gemini-10-ultra',
    'qwen3-max-preview',
    'qwen/qwen3.5-plus',
    'qwen4-32b',
    'qvq-72b-preview',
    'grok-4.1-fast',
    'grok-5',
    'grok-code-fast-1',
    'sonar-deep-research',
    'hunyuan-t1-latest',
    'doubao-seed-1-6-250615',
    'ByteDance-Seed/Seed-OSS-36B-Instruct',
    'olmo-3-32b-think',
  ])('%s thinks: families have open ends', (model) => {
    expect(isReasoning(model, {})).toBe(true)
  })

  test.each([
    undefined,
    '',
    'gpt-4o',
    'gpt-4.5-preview',
    'gpt-35-turbo',
    'gpt-35-turbo-16k',
    'gpt-image-1',
    'gpt-5.2-chat-latest',
    'gpt-6-chat',
    'gpt-5.3-instant',
    'claude-3-5-sonnet-20241022',
    'claude-3-5-haiku-latest',
    'claude-3.5-sonnet',
    'claude-3-7-sonnet-20250219',
    'anthropic.claude-3-5-sonnet-20240620-v1:0',
    'claude-3-opus-20240229',
    'claude-instant-1.2',
    'claude-2.1',
    'gemini-1.5-pro-latest',
    'gemini-pro',
    'gemma-3-27b-it',
    'deepseek-v3',
    'deepseek-v3-0324',
    'deepseek-v3-20241226',
    'deepseek-v2.5',
    'qwen2.5-72b-instruct',
    'qwen-14b-chat',
    'qwen14b',
    'qwen7b-chat',
    'qwen-max',
    'glm-4-9b-chat',
    'glm-4-plus',
    'glm-4v',
    'minimax-text-01',
    'moonshot-v1-8k',
    'grok-2-1212',
    'olmo-2-13b',
    'doubao-1.5-pro',
    'grok-4-fast-non_reasoning',
    'hermes-nothink',
    'gpt-4.1-mini',
    'gpt-3.5-turbo',
    'chatgpt-4o-latest',
    'gpt-5-chat-latest',
    'gpt-5.1-chat',
    'o1x-model',
    'foo-o1',
    'llama-3.3-70b-versatile',
    'mistral-small-latest',
    'deepseek-chat',
    'gemini-2.0-flash',
    'grok-3',
    'grok-4-1-fast-non-reasoning',
    'grok-4-fast-nonreasoning',
    'qwen3-4b-no-think',
    'o1/llama-3',
  ])('%s answers at once', (model) => {
    expect(isReasoning(model, {})).toBe(false)
  })
})

describe('isReasoning() reads the body', () => {
  test.each<[Record<string, unknown>, boolean]>([
    [{ reasoning_effort: 'low' }, true],
    [{ reasoning_effort: 'minimal' }, true],
    [{ reasoning_effort: 'none' }, false],
    [{ reasoning_effort: null }, false],
    [{ reasoning: { effort: 'high' } }, true],
    [{ reasoning: { effort: 'none' } }, false],
    [{ reasoning: { max_tokens: 2_000 } }, true],
    [{ reasoning: { enabled: true } }, true],
    [{ reasoning: { enabled: false } }, false],
    [{ reasoning: { exclude: true } }, false],
    [{ reasoning: {} }, false],
    [{ thinking: { type: 'enabled', budget_tokens: 10_000 } }, true],
    [{ thinking: { type: 'adaptive' } }, true],
    [{ thinking: { type: 'disabled' } }, false],
    [{ think: true }, true],
    [{ think: false }, false],
    [{ think: 'high' }, true],
    [{ enable_thinking: true }, true],
    [{ enable_thinking: false }, false],
    [{ generationConfig: { thinkingConfig: { thinkingBudget: 1_024 } } }, true],
    [{ generationConfig: { thinkingConfig: { thinkingBudget: -1 } } }, true],
    [{ generationConfig: { thinkingConfig: { thinkingBudget: 0 } } }, false],
    [{ generationConfig: { thinkingConfig: { thinkingLevel: 'high' } } }, true],
    [{ generationConfig: { thinkingConfig: { thinkingBudget: 512, includeThoughts: false } } }, true],
    [{ generationConfig: { thinkingConfig: { includeThoughts: true } } }, false],
    [{ generation_config: { thinking_level: 'low' } }, true],
    [{ extra_body: { google: { thinking_config: { thinking_budget: 800 } } } }, true],
    [{ extra_body: { google: { thinking_config: { thinking_budget: 0 } } } }, false],
    [{ thinking: { type: 'enabled', clear_thinking: false } }, true],
    [{ thinking: { type: 'enabled', token_budget: 0 } }, false],
    [{ thinking_budget: 4_096 }, true],
    [{ chat_template_kwargs: { enable_thinking: true } }, true],
    [{ chat_template_kwargs: { thinking: true } }, true],
    [{ chat_template_kwargs: { enable_thinking: false } }, false],
    [{ additionalModelRequestFields: { reasoning_config: { type: 'enabled', budget_tokens: 2_000 } } }, true],
    [{ additionalModelRequestFields: { reasoningConfig: { type: 'disabled' } } }, false],
    [{ prompt_mode: 'reasoning' }, true],
    [{ prompt_mode: null }, false],
    [{ reasoning: { effort: null, summary: null } }, false],
    [{ reasoning: { effort: 'medium', summary: 'auto' } }, true],
    [{ reasoning: 'on' }, true],
    [{ reasoning: 'off' }, false],
    [{ include_reasoning: true }, true],
    [{ stop_reason: 'x', reason: 'the person asked', messages: [] }, false],
    [{ messages: [{ role: 'user', content: 'thinking', reasoning: true }] }, false],
    [{ messages: [] }, false],
  ])('%j: %s', (body, thinks) => {
    expect(isReasoning('some-model', body)).toBe(thinks)
  })

  test('however deep it is nested', () => {
    const deep = (name: string) =>
      JSON.parse(`${`{"${name}":`.repeat(100_000)}1${'}'.repeat(100_000)}`) as unknown
    expect(isReasoning('some-model', deep('extra_body'))).toBe(false)
    expect(isReasoning('some-model', { thinking: deep('budget') })).toBe(true)
  })

  test.each([null, undefined, 'text', 42, []])('%j has nothing to say', (body) => {
    expect(isReasoning('some-model', body)).toBe(false)
  })
})

describe('isReasoning() heeds its options', () => {
  test.each<[string, ReasoningOptions | false, boolean]>([
    ['o3', false, false],
    ['my-deep-model', { models: ['my-deep-*'] }, true],
    ['My-Deep-Model', { models: ['MY-deep-*'] }, true],
    ['vendor/my-deep-model', { models: ['my-deep-*'] }, true],
    ['vendor/my-deep-model', { models: ['vendor/*'] }, true],
    ['other', { models: ['my-deep-*'] }, false],
    ['my.model', { models: ['my?model'] }, false],
    ['myxmodel', { models: ['my.model'] }, false],
    ['a+b(c)', { models: ['a+b(c)'] }, true],
    ['o3-mini', { except: ['o3-mini'] }, false],
    ['o3', { except: ['o3-mini'] }, true],
    ['gpt-5-nano', { except: ['*-nano'] }, false],
    ['openai/gpt-5-nano', { except: ['gpt-5-*'] }, false],
    ['o3-mini', { models: ['o3-mini'], except: ['o3*'] }, true],
  ])('%s with %j: %s', (model, options, thinks) => {
    expect(isReasoning(model, {}, options)).toBe(thinks)
  })

  test('a body that asks for it outweighs an exception for the model', () => {
    expect(isReasoning('o3', { reasoning_effort: 'high' }, { except: ['o3'] })).toBe(true)
    expect(isReasoning('o3', { reasoning_effort: 'high' }, false)).toBe(false)
  })
})
