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
    undefined,
    '',
    'gpt-4o',
    'gpt-4.1-mini',
    'gpt-3.5-turbo',
    'chatgpt-4o-latest',
    'gpt-5-chat-latest',
    'gpt-5.1-chat',
    'o1x-model',
    'foo-o1',
    'claude-haiku-4-5',
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
    [{ messages: [] }, false],
  ])('%j: %s', (body, thinks) => {
    expect(isReasoning('some-model', body)).toBe(thinks)
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
