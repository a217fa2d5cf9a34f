/** A natural answer in Markdown that fits the prompt, and says what it was asked. */
export function sampleAnswer(prompt: string): string {
  const fitting = SAMPLES.find(({ words }) => words?.test(prompt))
  const general = SAMPLES.filter(({ words }) => !words)
  const sample = fitting ?? general[prompt.length % general.length]
  return sample ? sample.answer(quote(prompt)) : ''
}

/** The reasoning text of a reasoning model before its output. */
export function sampleReasoning(prompt: string): string {
  return (
    `The question is ${quote(prompt)}. First, what do they already know? Probably the outline, not the details. ` +
    'I could answer with everything there is to say, but a short structure with one concrete example will help ' +
    'more. Let me check the order: the claim, the reason, the example, the exception. That holds. Now write it.'
  )
}

/** The prompt in one short line, harmless inside Markdown. */
function quote(prompt: string): string {
  const line = prompt
    .replace(/[`*_[\]()<>#|\\]/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
  if (!line) return 'an empty message'
  return `“${line.length > 120 ? `${line.slice(0, 117).trimEnd()}…` : line}”`
}

const SAMPLES: { words?: RegExp; answer: (asked: string) => string }[] = [
  {
    words: /\b(?:code|function|typescript|javascript|python|program|bug|regex|sql|api)\b/i,
    answer: (asked) => `You asked ${asked}. Here is a version that is small enough to keep in your head:

\`\`\`ts
/** Runs tasks with at most \`limit\` of them at the same time; keeps their order. */
export async function mapLimit<In, Out>(
  items: readonly In[],
  limit: number,
  task: (item: In) => Promise<Out>,
): Promise<Out[]> {
  const results: Out[] = []
  let next = 0
  const worker = async () => {
    while (next < items.length) {
      const index = next++
      results[index] = await task(items[index]!)
    }
  }
  await Promise.all(Array.from({ length: limit }, worker))
  return results
}
\`\`\`

Three things are worth noticing:

1. **There is no queue.** The workers share one counter, and JavaScript never interrupts \`next++\`.
2. **The order is kept** because each result goes to its own index, not to the end of the array.
3. **The first failure rejects the whole.** Where you would rather collect failures, let \`task\` return them as values.

To try it, call it with a limit of 1 and check that it behaves like a plain loop. Then raise the limit until the service on the other side asks you to stop.
`,
  },
  {
    words: /\b(?:compare|versus|vs|difference|better|which|table|choose)\b/i,
    answer: (
      asked,
    ) => `On ${asked}: it depends on what you can least afford to lose, so let us put that into a table.

| | Fast to start | Easy to change | Safe when it fails |
|---|:---:|:---:|:---:|
| One process, one file | yes | yes | no |
| A queue in between | no | yes | yes |
| Several services | no | no | yes, if you watch them |

**If you are alone and in a hurry**, take the first row. Most things that people build never meet the load they were built for.

**If losing a message would be embarrassing**, take the second. A queue is a promise written down: whoever crashes, the note is still on the table the next morning.

**The third row** is for teams, not for machines. It lets five groups work without talking to each other every day, and it costs you the day on which they should have talked.

My advice would be the second row, with a queue so small that you can read all of its code on one evening.
`,
  },
  {
    words: /\b(?:plan|steps?|how (?:do|can|to)|trip|recipe|learn|list|ideas?|week)\b/i,
    answer: (asked) => `Gladly. Here is a plan for ${asked}, with room for things to go wrong.

### Before you start
- Write down in **one sentence** what will be different when you are done.
- Decide what you will *not* do. This is the list that saves the time.
- Find someone who did it before, and ask what surprised them.

### The work itself
1. Do the smallest thing that shows a result, today. It will be ugly, and it will tell you more than a week of reading.
2. Do the part you fear most. As long as it is open, every estimate is a guess.
3. Then fill in the rest, the easy parts last; they make good evenings.
4. Every few days, look at your one sentence again and throw out what does not serve it.

### When it does not go as planned
- Stuck for an hour? Explain it aloud to somebody, or to a plant.
- Stuck for a day? Go back to the last state that worked.
- Stuck for a week? Perhaps it is the wrong sentence.

> A plan is not a promise about the future. It is a way to notice early that the future turned out otherwise.

Tell me how much time you have per week and I will put dates to it.
`,
  },
  {
    words: /\b(?:write|letter|email|e-mail|mail|poem|story|text|translate|summari[sz]e)\b/i,
    answer: (asked) => `Here is a draft for ${asked}. Take from it what sounds like you.

---

Dear Ms Okafor,

thank you for your patience during the last two weeks. I know that you had been promised an answer by Monday, and that nobody called you when it became clear that we would be late. That was our mistake, and I am sorry for it.

This is where we stand: the part is repaired and has run for three days without a fault. We would like to watch it over the weekend before we bring it back to you. If nothing happens, it will be at your door **on Tuesday before noon**. If something does happen, I will call you myself, on the same day.

With kind regards,

Jonas

---

Two remarks:

- It names the mistake *once*, in plain words, and does not explain it. Explanations tend to sound like excuses.
- It makes one promise with a date, and says what will happen if the promise fails. That is what people remember.

Shall I make it shorter, or a little warmer?
`,
  },
  {
    answer: (
      asked,
    ) => `You wrote ${asked}. Let me begin with the short answer: **yes, with one exception**, and the exception is the interesting part.

Most of what we call reliability is not about things that never fail. Bridges have expansion joints, ships have bulkheads, and a good letter carrier has a second pair of shoes. Each of them assumes that something will go wrong and keeps it small when it does.

In practice, that comes down to three habits:

- **Keep what you were given.** Before you act on something, put it where a power cut cannot reach it.
- **Ask again, but politely.** Somebody who is overloaded is not helped by being asked twice as often. Wait as long as they say; where they say nothing, wait a little longer each time.
- **Say what you know.** "It will take four more seconds" is worth more than a wheel that turns.

The exception is a thing that must not happen twice. There, asking again is the danger, and you need a way to recognise a request you have already served: a number on the envelope, in the simplest case.

If you tell me more about your case, I can say which of the three you are missing.
`,
  },
  {
    answer: (asked) => `That is a good question to think about slowly: ${asked}.

There are two ways to look at it. The first is the engineer's: take it apart, see which piece does what, and put it together again with one piece fewer. The second is the gardener's: leave it alone for a season and see what grows. Both are right, only at different times.

As a rule of thumb:

1. If you can **undo** it, try it now and look at what happens.
2. If you cannot undo it, sleep on it, and ask someone who has nothing to gain.
3. If you do not know which of the two it is, it is the second.

A small example. A bakery in my imaginary street changed its opening hours three times in a month. Nobody minded, because a sheet of paper in the window said so each time. Then it changed its flour, said nothing, and lost half of its customers within a week. The hours could be undone; the taste of that first week could not.

So my answer is: *start small, say aloud what you are doing, and keep the old flour in the cellar.*
`,
  },
]
