/**
 * The conditions of 10 000 chats in one month: written and committed before any policy was run on them.
 *
 * Where each number comes from stands beside it:
 * - `[wire]` what the providers' documentation, sources and recorded answers say (33 recorded or reported 429s)
 * - `[datadog]` State of AI Engineering 2026, https://devlery.com/en/blog/datadog-ai-engineering-rate-limits : 5 % of
 *   production LLM calls failed in February 2026, 60 % of them by rate limits; 2 % and about 30 % in March
 * - `[ttft]` https://modelstats.ai/blog/llm-api-latency-spikes-what-average-ttft-doesnt-tell-you : ten models, a day of
 *   pings, medians of 0.3 to 1.6 s, P99 of 1.3 to 4.8 s, longest 11.6 s
 * - `[reasoning]` https://agentbeck.bot/report/66198 : half within 5 s, 95 % within 45 s; one page's word, for want of
 *   better: hard questions of people take longer than a benchmark's
 * - `[uptime]` https://aicheckerhub.com/status-history-archive : 99.71 % (OpenAI) and 99.63 % (Anthropic) over 90 days,
 *   incidents of 37 min to 2 h 12 min
 * - `[2023]` https://apicontext.com/openai-outage-chatgpt-down-apimetrics-tells-the-story/ : 115 min of 502 and 503, then
 *   429 that name no time
 * - `[2024]` https://velprove.com/blog/monitor-ai-app-when-llm-provider-degrades : 25 to 35 % of requests failed for 15 h
 * - `[study]` https://arxiv.org/html/2501.12469v2 : outages and incidents of eight public LLM services
 * - `[burstgpt]` https://hf.qhduan.com/datasets/lzzmm/BurstGPT : lengths of real answers
 * - `[speed]` https://aistackwatch.com/en/wiki/latency : 70 to 140 tokens/s
 * - `[stalls]` reports that it happens, none that says how often: https://github.com/microsoft/vscode/issues/321432 ,
 *   https://github.com/MoonshotAI/kimi-code/issues/1798 , https://github.com/agent0ai/agent-zero/issues/1882
 * - `[assumed]` nobody publishes it: our own guess, and no more
 *
 * Together: 2 % of chats meet a rate limit first ([datadog]: 0.6 to 3 %), 2 % something else ([datadog]: 1.4 to 2 %).
 *
 * Shares are of 1; durations in ms. A `LogNormal` has half of its values below `medianMs`; `sigma` 0.5, 1 and 1.2 put
 * its P95 at 2.3, 5.2 and 7.2 times that.
 */
export const MIX = {
  chats: 10_000,
  /** Chats are spread over so long. */
  spanMs: 30 * 24 * 3_600_000,
  /** A chat that has not ended by then is counted as never told. Nobody sits there longer. [assumed] */
  watchMs: 1_800_000,

  /** One browser, its tabs, one key: what a worker's limits are shared by. [assumed], all of it */
  session: {
    /** Mean; geometric. */
    chats: 5,
    /** From one chat of a tab to its next. */
    gap: { medianMs: 45_000, sigma: 1 },
    /** This share of sessions has 2, 3 or 4 tabs that ask within seconds of each other. */
    manyTabs: 0.15,
    tabsApartMs: 4_000,
  },

  /** Where requests go decides what a page can read of a refusal: `Retry-After` is not CORS-safelisted. [assumed] */
  throughOwnBackend: 0.5,

  /** How long a save of the person's message takes: awaited by one policy only. The start had 0 to 30 s. [assumed] */
  save: {
    usual: { medianMs: 200, sigma: 0.6 },
    slow: 0.02,
    slowFromMs: 1_000,
    slowToMs: 10_000,
    /** Never answered. */
    hangs: 0.005,
  },

  plain: {
    /** [ttft] A median among its models', and a tail like theirs. */
    firstOutput: { medianMs: 800, sigma: 0.5 },
    /** Queued before anything is said: [ttft] has 11.6 s as a day's longest; people report minutes. [assumed] */
    slow: 0.02,
    queue: { medianMs: 12_000, sigma: 0.9 },
    /** Of the queued: 2xx headers at once, then keep-alives, as DeepSeek and OpenRouter do [wire]; else no byte. */
    slowKeptAlive: 0.5,
    /** A fresh attempt is queued again with this chance: the provider is busy, not this request. [assumed] */
    slowAgain: 0.5,
  },

  reasoning: {
    /** [assumed] */
    share: 0.25,
    /** [reasoning] 57 s at P95, 130 s at P99: a model's question, the same for every attempt. */
    thinking: { medianMs: 8_000, sigma: 1.2 },
    /** Its thoughts are part of the stream, as DeepSeek's and many open models' are [wire]. The share: [assumed] */
    visible: 0.4,
    /** Of the others: headers only when it has done thinking. [assumed] */
    lateHeaders: 0.4,
    /** Called by a name that does not say so, an alias of the app's own. [assumed] */
    unknownName: 0.1,
  },

  answer: {
    /** [burstgpt] has about 250 in the middle; answers have grown since. [assumed] */
    tokens: { median: 350, sigma: 0.9 },
    /** [speed] */
    tokensPerSecond: { median: 70, sigma: 0.4 },
  },

  /** A key's limit is used up until its reset; every request until then gets 429. [datadog] for the sum of them. */
  limit: {
    /** A chat meets one with this chance; whoever of the same browser asks before the reset meets it, too. */
    begins: 0.012,
    /** The rest of a window of a minute, as most limits have. [wire] */
    minute: { share: 0.65, fromMs: 1_000, toMs: 60_000 },
    /** Requests per second, requests at the same time. [wire] */
    short: { share: 0.25, fromMs: 500, toMs: 10_000 },
    /** Hours and days [wire]; the rest of the share. Log-uniform. */
    long: { fromMs: 300_000, toMs: 86_400_000 },
    /** The part that the page can read. [wire]: OpenAI, OpenRouter and Mistral do not expose the header, xAI and Azure do; OpenAI,
     * Groq, Gemini and NEAR say it in the body. The shares: [assumed]; the rest says nothing. */
    hint: {
      ownBackend: { header: 0.7, body: 0.1 },
      crossOrigin: { header: 0.2, body: 0.4 },
    },
    /** Sessions whose quota is spent: no wait helps. [assumed] */
    quotaSpent: 0.002,
  },

  /** The provider's own trouble: everybody's, for a time. */
  outages: {
    /**
     * The figures of status pages: four a month, 33 min in the mean, 0.3 % of the time [uptime] [study]; one of each kind.
     * - `down`: 500, 502, 503 [2023]
     * - `partial`: this share of requests fails so [2024]
     * - `overloaded`: 429 and 503 that name no time, and this share of them [2023]
     * - `hanging`: this share of requests gets no answer [assumed]
     */
    incident: { medianMs: 1_500_000, sigma: 0.75 },
    partial: 0.35,
    overloaded: 0.7,
    hanging: 0.5,
    /** Too short for a status page: a deployment, a node that restarts. All fail with 5xx. [assumed] */
    blips: 120,
    blip: { medianMs: 15_000, sigma: 1 },
  },

  /** The person's own network is gone for a moment when a chat begins: every request until then fails. [assumed] */
  offline: { begins: 0.003, for: { medianMs: 4_000, sigma: 1.2 } },

  /** Of attempts that meet none of the above; each attempt by itself. [datadog] for the sum, the split: [assumed] */
  fault: {
    /** 500, 502, 503 of one server among many. */
    serverError: 0.004,
    /** The connection breaks before headers. */
    reset: 0.001,
    /** No headers come. [stalls] */
    hang: 0.0015,
    /** Of those: the model works all the same, and only the way back is lost. */
    hangWorks: 0.5,
    /** 2xx headers, then no output. [stalls] */
    hangAfterHeaders: 0.0005,
    /** 2xx headers, then an error event instead of output: `overloaded_error` in a 200. [wire] */
    errorBeforeOutput: 0.0005,
    /** 2xx headers, then a reset before output. */
    resetBeforeOutput: 0.0005,
    /** In the midst of the answer: a reset, a clean end without the end marker, an error event, silence. [stalls] */
    resetAfterOutput: 0.002,
    cutAfterOutput: 0.001,
    errorAfterOutput: 0.0005,
    stallAfterOutput: 0.001,
  },

  /**
   * A gateway ends this share of hangs and stalls: 504 before headers, a reset after them. nginx waits 60 s, Cloudflare
   * 100 s, others 300 s by default; the share is [assumed]. The others stay open for good.
   */
  gateway: { share: 0.5, fromMs: 60_000, toMs: 300_000 },

  /** How fast a refusal or a connection's failure comes. [assumed] */
  refusal: { medianMs: 250, sigma: 0.5 },
} as const
