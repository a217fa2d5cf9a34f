/** The model's text in a response: the text of an OpenAI chat stream's deltas, or of a whole answer's JSON. */
export function spoken(body: string): string {
  if (body.trimStart().startsWith('{')) return (JSON.parse(body) as Whole).choices[0]?.message.content ?? ''
  return body
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => (JSON.parse(line.slice('data: '.length)) as Chunk).choices?.[0]?.delta.content ?? '')
    .join('')
}

interface Chunk {
  choices?: { delta: { content?: string } }[]
}

interface Whole {
  choices: { message: { content: string } }[]
}
